// From the files a model is published as to one packed model: which graphs it has, what is bound in each, which
// values are states. The recipe is data (`src/model/list.ts` has one for each published model).

import { importOnnx } from "../import/onnx/import.ts";
import type { Graph, Model, State } from "../model/graph.ts";
import { valuesUsedBy } from "../model/graph.ts";
import type { PackRecipe } from "../model/recipe.ts";
import { checkContinued, continueWith } from "./continue.ts";
import type { MatrixCache } from "./integer-products.ts";
import { optimise } from "./optimise.ts";
import { type PanelCache, packMatrices } from "./panels.ts";
import { bindInputs, bindSizes, inlineBranches } from "./specialise.ts";
import { feedbackStates, mergedNames, mergeHeads, pairStates } from "./states.ts";

/**
 * @param files ONNX files by the names the recipe uses
 * @param metadata goes into the packed model as it is
 */
export function packModel(
  recipe: PackRecipe,
  files: Readonly<Record<string, Uint8Array>>,
  metadata: Model["metadata"] = {},
  onProgress?: (progress: { done: number; total: number; name: string }) => void,
): Model {
  const sources = new Map(
    Object.entries(files).map(([name, bytes]) => [name, importOnnx(bytes, { file: name })]),
  );
  const matrices: MatrixCache = new Map();
  const panels: PanelCache = new Map();
  const states = new Map<string, State>();
  const graphs = recipe.graphs.map(({ name, continued, ...source }, index) => {
    onProgress?.({ done: index, total: recipe.graphs.length, name });
    const { opset } = sources.get(source.file)!;
    const first = specialised(sources, source);
    const bound = continued ? continueWith(first, specialised(sources, continued), continued) : first;
    const pairs = recipe.states ? pairStates(bound, recipe.states) : [];
    for (const state of mergedNames(pairs)) states.set(state.name, state);
    for (const state of feedbackStates(bound, recipe.feedback)) states.set(state.name, state);
    const optimised = optimise(mergeHeads(bound, pairs), { opset, matrices });
    const needed = dropUnused({ ...optimised, name }, mergedNames(pairs));
    if (continued) checkContinued(needed, first);
    return packMatrices(needed, panels);
  });
  const [{ opset }] = sources.values();
  return { graphs, opset, metadata, states: [...states.values()] };
}

type Source = Pick<PackRecipe["graphs"][number], "file" | "bind" | "sizes">;

/** A file's graph with what is known of its inputs and sizes. */
function specialised(sources: ReadonlyMap<string, Model>, { file, bind = {}, sizes = {} }: Source): Graph {
  const [graph] = sources.get(file)!.graphs;
  return inlineBranches(bindInputs(bindSizes(graph, sizes), bind));
}

/** Drops inputs that nothing reads, and states' outputs that came out constant: exporters fill in empty ones. */
function dropUnused(graph: Graph, states: readonly State[]): Graph {
  const constantStates = new Set(
    states.map((state) => state.output).filter((output) => graph.constants.has(output)),
  );
  const outputs = graph.outputs.filter((output) => !constantStates.has(output.name));
  const used = new Set([...graph.nodes.flatMap(valuesUsedBy), ...outputs.map((output) => output.name)]);
  const constants = new Map([...graph.constants].filter(([name]) => used.has(name)));
  return { ...graph, inputs: graph.inputs.filter((input) => used.has(input.name)), outputs, constants };
}
