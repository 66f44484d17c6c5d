// Constant folding: what can be computed when the model is converted is not computed when it runs. Two ways
// to know a value: shape inference tells the elements of small integer tensors (sizes, axes, positions), and a
// node whose inputs are all constants is run once through the reference.

import { type Graph, isGraph, type Node } from "../model/graph.ts";
import type { Fact } from "../model/infer.ts";
import { runNode } from "../reference/run.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";

/** Larger results than this stay computed: folding an expanded weight would undo its 8 bits. */
const MOST_ELEMENTS = 1 << 16;

export function foldConstants(graph: Graph, facts: ReadonlyMap<string, Fact>, opset: number): Graph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.filter((node) => {
    const values = node.outputs.map((output) => knownValue(facts.get(output))) ;
    const known = values.every((value) => value !== undefined) ? values : evaluate(node, constants, facts, opset);
    known?.forEach((value, index) => {
      if (value) constants.set(node.outputs[index], value);
    });
    return known === undefined;
  });
  return { ...graph, nodes, constants };
}

function knownValue(fact: Fact | undefined): Tensor | undefined {
  if (!fact?.value || !fact.dims) return undefined;
  const isNumber = (dim: unknown): dim is number => typeof dim === "number";
  if (!fact.value.every(isNumber) || !fact.dims.every(isNumber)) return undefined;
  return new Tensor(fact.dtype, fact.value as number[], fact.dims as number[]);
}

function evaluate(
  node: Node,
  constants: ReadonlyMap<string, Tensor>,
  facts: ReadonlyMap<string, Fact>,
  opset: number,
): Tensor[] | undefined {
  const inputs = node.inputs.map((input) => (input === "" ? undefined : constants.get(input)));
  if (inputs.some((input, index) => input === undefined && node.inputs[index] !== "")) return undefined;
  if (Object.values(node.attributes).some(isGraph)) return undefined;
  const small = node.outputs.every((output) => {
    const dims = facts.get(output)?.dims;
    return dims?.every((dim) => typeof dim === "number") && sizeOf(dims as number[]) <= MOST_ELEMENTS;
  });
  return small ? runNode(node, inputs, opset) : undefined;
}
