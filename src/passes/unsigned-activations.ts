// Activations in signed bytes become unsigned ones: the kernels' products take uint8 × int8, and q + 128 with a zero point
// moved as far stands for the same numbers.

import type { Graph, Node } from "../model/graph.ts";
import { valuesUsedBy } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";

const MIDDLE = 128;

/** Every value that QuantizeLinear makes int8 with one zero point and that DequantizeLinear alone reads. */
export function unsignedActivations(graph: Graph): Graph {
  const zeros = new Map<Tensor, string>();
  const constants = new Map(graph.constants);
  const moved = (name: string): string => {
    const zero = graph.constants.get(name)!;
    const known = zeros.get(zero) ?? `${name}/unsigned`;
    zeros.set(zero, known);
    constants.set(known, new Tensor("uint8", [Number(zero.data[0]) + MIDDLE], zero.dims));
    return known;
  };
  const values = signedValues(graph);
  if (values.size === 0) return graph;
  const nodes = graph.nodes.map((node) => {
    const value = node.op === "QuantizeLinear" ? node.outputs[0] : node.inputs[0];
    if (!values.has(value) || !isAffine(node)) return node;
    return { ...node, inputs: [node.inputs[0], node.inputs[1], moved(node.inputs[2])] };
  });
  return { ...graph, nodes, constants };
}

const isAffine = ({ op }: Node): boolean => op === "QuantizeLinear" || op === "DequantizeLinear";

function signedValues({ nodes, outputs, constants }: Graph): Set<string> {
  const signed = ({ inputs }: Node): boolean => {
    const zero = constants.get(inputs[2] ?? "");
    return zero?.dtype === "int8" && zero.size === 1;
  };
  const made = nodes.filter((node) => node.op === "QuantizeLinear" && signed(node));
  const values = new Set(made.map((node) => node.outputs[0]));
  for (const node of nodes)
    if (node.op !== "DequantizeLinear" || !signed(node))
      for (const value of valuesUsedBy(node)) values.delete(value);
  for (const { name } of outputs) values.delete(name);
  return values;
}
