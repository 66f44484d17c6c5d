// Packing: constant matrices of products are laid out as the kernels read them, once, when a model is converted.

import { packFloats, packNibbles, packPanels, unpackMatrix } from "../kernels/layout.ts";
import { type Graph, type Node, valuesUsedBy } from "../model/graph.ts";
import type { PanelType } from "../model/panels.ts";
import type { TypedArray } from "../tensor/dtype.ts";
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
  MatMul: { inputs: [1], panels: "float32" },
  Linear: { inputs: [1], panels: "float32" },
  ConvFloat: { inputs: [1], panels: "float32" },
  LstmSteps: { inputs: [1, 2], panels: "float32" },
  GruSteps: { inputs: [1, 2], panels: "float32" },
};

const packers: Readonly<Record<PanelType, (data: TypedArray, k: number, n: number) => Tensor>> = {
  int8: (data, k, n) => new Tensor("int8", packPanels(data as Int8Array, k, n)),
  int4: (data, k, n) => new Tensor("uint8", packNibbles(data as Int8Array, k, n)),
  float32: (data, k, n) => new Tensor("float32", packFloats(data as Float32Array, k, n)),
};

/** Packed forms of row-major matrices, shared by the graphs of a model. */
export type PanelCache = Map<Tensor, Tensor>;

export function packMatrices(graph: Graph, cache: PanelCache = new Map()): Graph {
  const matrices = new Map(
    graph.nodes.flatMap((node) =>
      matricesOf(node).flatMap((at) =>
        node.inputs[at] ? [[node.inputs[at], operators[node.op].panels] as const] : [],
      ),
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
    const packed = cache.get(tensor) ?? packers[type](tensor.data as TypedArray, k, n);
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
    const tensor = cache.get(packed) ?? unpackMatrix(packed, dims);
    cache.set(packed, tensor);
    constants.set(name, tensor);
  }
  const { layouts: _, ...rest } = graph;
  return { ...rest, constants };
}

/** What a node reads beside its matrices, in its branches too. */
function otherValues(node: Node): string[] {
  const inputs = node.inputs.filter((_, index) => !matricesOf(node).includes(index));
  return valuesUsedBy({ ...node, inputs });
}

/** Groups of a convolution are columns of their own, which may begin inside a panel. */
function matricesOf({ op, attributes: { group = 1 } }: Node): readonly number[] {
  return Object.hasOwn(operators, op) && (op !== "ConvFloat" || group === 1) ? operators[op].inputs : [];
}
