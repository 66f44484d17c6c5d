// Packing: the matrices of integer products are laid out as the kernels read them, once, when a model is converted.

import { packNibbles, packPanels, unpackNibbles, unpackPanels } from "../kernels/layout.ts";
import { type Graph, type Node, valuesUsedBy } from "../model/graph.ts";
import { panelType } from "../model/panels.ts";
import type { DType } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Which inputs of an operator are matrices. */
const matrixInputs: Readonly<Record<string, readonly number[]>> = {
  MatMulIntegerToFloat: [1],
  ConvIntegerToFloat: [1],
  MatMulQuantized: [1],
  ConvQuantized: [1],
  DepthwiseConvQuantized: [1],
  GatherDequantize: [0],
  MatMulBlocksToFloat: [1],
  GatherBlocks: [0],
  LstmStepsInteger: [1, 2],
  GruStepsInteger: [1, 2],
};

/** The element types that have panels. */
const packers: Partial<Record<DType, (data: Int8Array, k: number, n: number) => Tensor>> = {
  int8: (data, k, n) => new Tensor("int8", packPanels(data, k, n)),
  int4: (data, k, n) => new Tensor("uint8", packNibbles(data, k, n)),
};

/** Packed forms of row-major matrices, shared by the graphs of a model. */
export type PanelCache = Map<Tensor, Tensor>;

export function packMatrices(graph: Graph, cache: PanelCache = new Map()): Graph {
  const matrices = new Set(
    graph.nodes.flatMap(({ inputs, op }) => matricesOf(op).flatMap((at) => inputs[at] ?? [])),
  );
  const others = new Set([...graph.nodes.flatMap(otherValues), ...graph.outputs.map(({ name }) => name)]);
  const constants = new Map(graph.constants);
  const layouts = new Map(graph.layouts);
  for (const name of matrices) {
    const tensor = constants.get(name);
    const pack = tensor && packers[tensor.dtype];
    if (!pack || tensor.dims.length !== 2 || layouts.has(name) || others.has(name)) continue;
    const [k, n] = tensor.dims;
    const packed = cache.get(tensor) ?? pack(tensor.data as Int8Array, k, n);
    cache.set(tensor, packed);
    constants.set(name, packed);
    layouts.set(name, { layout: "panels", dims: [k, n] });
  }
  return { ...graph, constants, layouts };
}

/** The way back: every matrix row by row, for passes that look at weights. */
export function unpackMatrices(graph: Graph, cache: PanelCache = new Map()): Graph {
  const constants = new Map(graph.constants);
  for (const [name, { dims }] of graph.layouts ?? []) {
    const packed = graph.constants.get(name)!;
    const dtype = panelType(packed);
    const unpack = dtype === "int4" ? unpackNibbles : unpackPanels;
    const tensor = cache.get(packed) ?? new Tensor(dtype, unpack(packed.data as never, ...dims), dims);
    cache.set(packed, tensor);
    constants.set(name, tensor);
  }
  const { layouts: _, ...rest } = graph;
  return { ...rest, constants };
}

/** What a node reads beside its matrices, in its branches too. */
function otherValues(node: Node): string[] {
  const inputs = node.inputs.filter((_, index) => !matricesOf(node.op).includes(index));
  return valuesUsedBy({ ...node, inputs });
}

function matricesOf(op: string): readonly number[] {
  return Object.hasOwn(matrixInputs, op) ? matrixInputs[op] : [];
}
