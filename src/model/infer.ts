// Shape inference with every rule there is, for tools that meet any model.

import type { Graph } from "./graph.ts";
import { type InferOptions, inferWith } from "./infer-with.ts";
import { allRules } from "./shapes/all.ts";
import type { Fact } from "./shapes/site.ts";

export type { Fact } from "./shapes/site.ts";

/** @see inferWith */
export function inferShapes(graph: Graph, options: InferOptions): Map<string, Fact> {
  return inferWith(allRules, graph, options);
}
