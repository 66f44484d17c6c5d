// What a caller knows of a model that its file leaves open, before the passes see it: inputs that are always the same,
// sizes that have one value, outputs that come back as inputs. `pack.ts` does the same by a recipe.

import { OctavoxError } from "../errors.ts";
import type { Graph, Model, ValueInfo } from "../model/graph.ts";
import type { PackRecipe } from "../model/recipe.ts";
import { bindInputs, bindSizes, inlineBranches } from "./specialise.ts";
import { feedbackStates } from "./states.ts";

export interface Specialisation
  extends Pick<PackRecipe["graphs"][number], "bind" | "sizes">,
    Pick<PackRecipe, "feedback"> {}

/** @throws OctavoxError `argument` for a name that no graph of the model has */
export function specialiseModel(
  model: Model,
  { bind = {}, sizes = {}, feedback = {} }: Specialisation,
): Model {
  const all = (list: (graph: Graph) => readonly ValueInfo[]) => model.graphs.flatMap(list);
  const [inputs, outputs] = [all((graph) => graph.inputs), all((graph) => graph.outputs)];
  const names = (list: readonly ValueInfo[]) => list.map(({ name }) => name);
  const symbols = [...inputs, ...outputs].flatMap(({ dims = [] }) =>
    dims.filter((dim) => typeof dim === "string"),
  );
  need(Object.keys(bind), names(inputs), "input");
  need(Object.keys(sizes), symbols, "size");
  need(Object.keys(feedback), names(inputs), "input");
  need(Object.values(feedback), names(outputs), "output");
  const graphs = model.graphs.map((graph) => {
    const has = ([name]: readonly [string, unknown]): boolean => names(graph.inputs).includes(name);
    const own = Object.fromEntries(Object.entries(bind).filter(has));
    return inlineBranches(bindInputs(bindSizes(graph, sizes), own));
  });
  const states = new Map(
    graphs.flatMap((graph) => feedbackStates(graph, feedback)).map((state) => [state.name, state]),
  );
  const kept = (model.states ?? []).filter(({ input }) => !Object.hasOwn(feedback, input));
  return { ...model, graphs, states: [...kept, ...states.values()] };
}

function need(names: readonly string[], known: readonly string[], what: string): void {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new OctavoxError("argument", `no ${what} "${unknown}"`, {
      expected: [...new Set(known)].join(", ") || `a model with an ${what} of a name`,
    });
}
