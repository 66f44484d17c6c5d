// Packing: the matrices of integer products are laid out as the kernels read them, once, when a model is converted.

import { packPanels } from "../kernels/layout.ts";
import type { Graph, Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Which input of an operator is its matrix. */
const matrixInput: Readonly<Record<string, number>> = {
  MatMulIntegerToFloat: 1,
  ConvIntegerToFloat: 1,
  GatherDequantize: 0,
};

/** Packed forms of row-major matrices, shared by the graphs of a model. */
export type PanelCache = Map<Tensor, Tensor>;

export function packMatrices(graph: Graph, cache: PanelCache = new Map()): Graph {
  const matrices = new Set(
    graph.nodes.filter((node) => node.op in matrixInput).map((node) => node.inputs[matrixInput[node.op]]),
  );
  const others = new Set(
    graph.nodes.flatMap((node) => node.inputs.filter((_, index) => !isMatrix(node, index))),
  );
  const constants = new Map(graph.constants);
  const layouts = new Map(graph.layouts);
  for (const name of matrices) {
    const tensor = constants.get(name);
    if (tensor?.dtype !== "int8" || tensor.dims.length !== 2 || layouts.has(name) || others.has(name))
      continue;
    const [k, n] = tensor.dims;
    const packed = cache.get(tensor) ?? new Tensor("int8", packPanels(tensor.data as Int8Array, k, n));
    cache.set(tensor, packed);
    constants.set(name, packed);
    layouts.set(name, { layout: "panels", dims: [k, n] });
  }
  return { ...graph, constants, layouts };
}

function isMatrix(node: Node, index: number): boolean {
  return matrixInput[node.op] === index;
}
