// Small float models for tests of the quantizer, with every kind of layer; their weights are noise.

import type { Attributes, Graph, Model, Node } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import type { CalibrationSet } from "./calibrate.ts";

/** Repeatable numbers, about normal, deviation ½. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed * 7919 + 1;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 2 ** 31 - 0.5;
  return Float32Array.from({ length: count }, () => next() + next() + next());
}

export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Tensor>();
  private seed = 1;

  /** Noise, smaller the more of it there is to a sum. */
  weights(name: string, dims: readonly number[], scale = 1): string {
    const size = sizeOf(dims);
    const data = noise(size, this.seed++).map(
      (x) => (x * scale * 2) / Math.sqrt(Math.max(1, size / dims[0])),
    );
    return this.constant(name, new Tensor("float32", data, dims));
  }

  constant(name: string, tensor: Tensor): string {
    this.constants.set(name, tensor);
    return name;
  }

  /** The value is called as the node. */
  add(
    name: string,
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    outputs = [name],
  ): string {
    this.nodes.push({ name, op, inputs, outputs, attributes });
    return name;
  }

  model(input: readonly (number | string)[], output: string): Model {
    const graph: Graph = {
      name: "main",
      inputs: [{ name: "x", dtype: "float32", dims: input }],
      outputs: [{ name: output, dtype: "float32", dims: undefined }],
      nodes: this.nodes,
      constants: this.constants,
    };
    return { graphs: [graph], opset: 21, metadata: {} };
  }
}

/** [1, 1, 12, 10] → 6 classes: two convolutions, one depthwise, a residual addition, pooling, a product. */
export function convolutional(): Model {
  const b = new GraphBuilder();
  const conv = (name: string, x: string, dims: readonly number[], group = 1): string => {
    const pads = dims[2] === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0];
    const inputs = [x, b.weights(`${name}.w`, dims), b.weights(`${name}.b`, [dims[0]], 0.3)];
    return b.add(name, "Conv", inputs, { group, pads, strides: [1, 1], kernel_shape: dims.slice(2) });
  };
  const stem = b.add("stem.relu", "Relu", [conv("stem", "x", [8, 1, 3, 3])]);
  const depth = b.add("depth.relu", "Relu", [conv("depth", stem, [8, 1, 3, 3], 8)]);
  const point = conv("point", depth, [8, 8, 1, 1]);
  const sum = b.add("sum", "Add", [stem, point]);
  const pooled = b.add("flat", "Flatten", [b.add("pool", "GlobalAveragePool", [sum])], { axis: 1 });
  const inputs = [pooled, b.weights("head.w", [6, 8]), b.weights("head.b", [6], 0.3)];
  return b.model(["batch", 1, 12, 10], b.add("head", "Gemm", inputs, { transB: 1 }));
}

/** [9, 1, 10] (steps, batch, features) → 5 classes: an LSTM or GRU whose last output a product and a sum classify. */
export function recurrent(op: "LSTM" | "GRU"): Model {
  const b = new GraphBuilder();
  const gates = op === "LSTM" ? 4 : 3;
  const inputs = [
    "x",
    b.weights("w", [1, gates * 16, 10], 4),
    b.weights("r", [1, gates * 16, 16], 4),
    b.weights("b", [1, gates * 32], 4),
  ];
  b.add("cell", op, inputs, { hidden_size: 16 }, ["", "cell"]);
  const axes = b.constant("axes", new Tensor("int64", [0]));
  const last = b.add("last", "Squeeze", ["cell", axes]);
  const product = b.add("product", "MatMul", [last, b.weights("out.w", [16, 5])]);
  return b.model([9, 1, 10], b.add("logits", "Add", [product, b.weights("out.b", [5], 0.3)]));
}

/** Noise for a model's input. */
export function clipsFor({ graphs: [{ inputs }] }: Model, size: number): CalibrationSet {
  const dims = inputs[0].dims!.map((dim) => (typeof dim === "number" ? dim : 1));
  return { size, feeds: (index) => ({ x: new Tensor("float32", noise(sizeOf(dims), 100 + index), dims) }) };
}
