// A quantized graph for evaluating: the weights that DequantizeLinear would make anew at every run are made once. What
// it computes stays the same; its file would be a float one.

import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { foldConstants } from "../passes/fold.ts";
import { removeDead } from "../passes/rewrite.ts";

export function foldWeights(graph: Graph, opset: number): Graph {
  const facts = inferShapes(graph, { opset });
  return removeDead(foldConstants(graph, facts, opset, { worthBytes: Number.POSITIVE_INFINITY }));
}
