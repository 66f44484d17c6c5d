// A quantized graph for evaluating: the weights that DequantizeLinear would make anew at every run are made once. What
// it computes stays the same; its file would be a float one.

import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { foldConstants } from "../passes/fold.ts";
import { removeDead } from "../passes/rewrite.ts";

export function foldWeights(graph: Graph, opset: number): Graph {
  const facts = inferShapes(graph, { opset });
  const held = integersOfStates(graph);
  const constants = new Map([...graph.constants].filter(([name]) => !held.has(name)));
  const folded = foldConstants({ ...graph, constants }, facts, opset, {
    worthBytes: Number.POSITIVE_INFINITY,
  });
  const kept = [...graph.constants].filter(([name]) => held.has(name));
  return removeDead({ ...folded, constants: new Map([...folded.constants, ...kept]) });
}

/** Weights of recurrent layers whose states are on few bits: as integers they run on kernels, which widen no state. */
function integersOfStates({ nodes }: Graph): Set<string> {
  const read = new Set(nodes.flatMap(({ inputs, attributes }) => (attributes.state_bits ? inputs : [])));
  const dequantize = nodes.filter(({ op, outputs }) => op === "DequantizeLinear" && read.has(outputs[0]));
  return new Set(dequantize.map(({ inputs }) => inputs[0]));
}
