// Packing: the matrices of integer products are laid out as the kernels read them, once, when a model is converted.

import { packNibbles, packPanels, unpackNibbles, unpackPanels } from "../kernels/layout.ts";
import { type Graph, type Node, valuesUsedBy } from "../model/graph.ts";
import { type PanelType, panelType } from "../model/panels.ts";
import { Tensor } from "../tensor/tensor.ts";

/** Which inputs of an operator are matrices, and of which type its kernels read panels. */
const operators: Readonly<Record<string, { inputs: readonly number[]; panels: PanelType }>> = {
  MatMulIntegerToFloat: { inputs: [1], panels: "int8" },
  ConvIntegerToFloat: { inputs: [1], panels: "int8" },
  MatMulQuantized: { inputs: [1], panels: "int8" },
  ConvQuantized: { inputs: [1], panels: "int8" },
  DepthwiseConvQuantized: { inputs: [1], panels: "int8" },
  GatherDequantize: { inputs: [0], panels: "int8" },
  MatMulBlocksToFloat: { inputs: [1], panels: "int4" },
  GatherBlocks: { inputs: [0], panels: "int4" },
  LstmStepsInteger: { inputs: [1, 2], panels: "int8" },
  GruStepsInteger: { inputs: [1, 2], panels: "int8" },
};

const packers: Readonly<Record<PanelType, (data: Int8Array, k: number, n: number) => Tensor>> = {
  int8: (data, k, n) => new Tensor("int8", packPanels(data, k, n)),
  int4: (data, k, n) => new Tensor("uint8", packNibbles(data, k, n)),
};

/** Packed forms of row-major matrices, shared by the graphs of a model. */
export type PanelCache = Map<Tensor, Tensor>;

export function packMatrices(graph: Graph, cache: PanelCache = new Map()): Graph {
  const matrices = new Map(
    graph.nodes.flatMap(({ inputs, op }) =>
      matricesOf(op).flatMap((at) => (inputs[at] ? [[inputs[at], operators[op].panels] as const] : [])),
    ),
  );
  const others = new Set([...graph.nodes.flatMap(otherValues), ...graph.outputs.map(({ name }) => name)]);
  const constants = new Map(graph.constants);
  const layouts = new Map(graph.layouts);
  for (const [name, type] of matrices) {
    const tensor = constants.get(name);
    // Weights on fewer bits than the kernels read are widened when a session is made; until then they stay small.
    if (tensor?.dtype !== type || tensor.dims.length !== 2 || layouts.has(name) || others.has(name)) continue;
    const [k, n] = tensor.dims;
    const packed = cache.get(tensor) ?? packers[type](tensor.data as Int8Array, k, n);
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
  return Object.hasOwn(operators, op) ? operators[op].inputs : [];
}
