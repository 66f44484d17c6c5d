// Constant folding: what can be computed when the model is converted is not computed when it runs. Two ways
// to know a value: shape inference tells the elements of small integer tensors (sizes, axes, positions), and a
// node whose inputs are all constants is run once through the reference.

import { type Graph, isGraph, type Node } from "../model/graph.ts";
import type { Fact } from "../model/infer.ts";
import { hasOperator, runNode } from "../reference/run.ts";
import { elementBytes, type TypedArray } from "../tensor/dtype.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";

export interface FoldOptions {
  /**
   * Results up to this size are always worth storing; larger ones when they take no more than what they are made of,
   * so that a weight of 8 bits is not dequantized.
   */
  worthBytes?: number;
  /** Whether integer weights may become floats: integer products are made of the integers. */
  widen?: boolean;
}

export function foldConstants(
  graph: Graph,
  facts: ReadonlyMap<string, Fact>,
  opset: number,
  { worthBytes = 4096, widen = true }: FoldOptions = {},
): Graph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.filter((node) => {
    const values = node.outputs.map((output) => knownValue(facts.get(output)));
    const known = values.every((value) => value !== undefined)
      ? values
      : evaluate(node, constants, facts, opset, { worthBytes, widen });
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
  { worthBytes, widen }: Required<FoldOptions>,
): Tensor[] | undefined {
  const inputs = node.inputs.map((input) => (input === "" ? undefined : constants.get(input)));
  if (inputs.some((input, index) => input === undefined && node.inputs[index] !== "")) return undefined;
  if (!hasOperator(node.op) || Object.values(node.attributes).some(isGraph)) return undefined;
  if (!widen && node.op === "DequantizeLinear" && (inputs[0]?.dims.length ?? 0) > 1) return undefined;
  const bytesIn = inputs.reduce(
    (total, input) => total + ((input?.data as TypedArray | undefined)?.byteLength ?? 0),
    0,
  );
  const worthIt = bytesOf(node, facts) <= Math.max(worthBytes, bytesIn);
  return worthIt ? runNode(node, inputs, opset) : undefined;
}

/** Bytes of a node's outputs; infinite when a size is not known. */
function bytesOf(node: Node, facts: ReadonlyMap<string, Fact>): number {
  return node.outputs.reduce((total, output) => {
    const fact = facts.get(output);
    const fixed = fact?.dims?.every((dim) => typeof dim === "number");
    return fact && fixed
      ? total + sizeOf(fact.dims as number[]) * elementBytes(fact.dtype)
      : Number.POSITIVE_INFINITY;
  }, 0);
}
