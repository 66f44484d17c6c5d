// The shape rules that a model needs: the rarer ones are loaded only for models that have their operators.

import { type Graph, isGraph } from "../graph.ts";
import { commonRules } from "./common.ts";
import type { Rules } from "./site.ts";

/** Rules for all operators of the graphs that there are rules for. */
export async function rulesFor(graphs: readonly Graph[]): Promise<Rules> {
  return graphs.every(isCommon) ? commonRules : (await import("./all.ts")).allRules;
}

function isCommon(graph: Graph): boolean {
  return graph.nodes.every(
    ({ op, attributes }) =>
      Object.hasOwn(commonRules, op) &&
      Object.values(attributes).every((attribute) => !isGraph(attribute) || isCommon(attribute)),
  );
}
