// Random graphs for tests: any operators the kernels run and some they do not, on values of any shape, read twice,
// renamed, sliced and joined, so that memory is shared in every way it can be.

import fc from "fast-check";
import type { Attributes, Graph, Node } from "../model/graph.ts";
import { type DType, traits } from "../tensor/dtype.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { noise } from "./testing.ts";

/** One step of a graph's making: an operator, and numbers to choose values, axes and sizes by. */
const action = fc.record({
  kind: fc.nat(),
  value: fc.nat(),
  other: fc.nat(),
  order: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
  seed: fc.integer({ min: 1, max: 1000 }),
});

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface Value {
  name: string;
  dims: readonly number[];
}

/** Collects nodes over float values of three axes. */
class Maker {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Tensor>();
  readonly values: Value[];

  constructor(inputs: readonly Value[]) {
    this.values = [...inputs];
  }

  constant<T extends DType>(
    dtype: T,
    data: readonly number[],
    dims: readonly number[] = [data.length],
  ): string {
    const name = `c${this.constants.size}`;
    this.constants.set(name, new Tensor(dtype, data, dims));
    return name;
  }

  floats(dims: readonly number[], seed: number, around = 0): string {
    return this.constant(
      "float32",
      Array.from(noise(sizeOf(dims), seed), (x) => x + around),
      dims,
    );
  }

  /** Adds a node with one output or more, and returns their names. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}, outputs = 1): string[] {
    const name = `${op}_${this.nodes.length}`;
    const names = Array.from({ length: outputs }, (_, i) => `${name}:${i}`);
    this.nodes.push({ name, op, inputs, outputs: names, attributes });
    return names;
  }

  add(dims: readonly number[], op: string, inputs: readonly string[], attributes: Attributes = {}): void {
    const [name] = this.node(op, inputs, attributes);
    this.values.push({ name, dims });
  }

  /** x quantized on the fly, and a matrix of k rows: the inputs of a product of integers. */
  integers(x: string, k: number, n: number, { seed }: Action): string[] {
    const { min } = traits("int8");
    const bytes = Array.from(noise(k * n, seed), (b) => Math.floor((b + 1) * 127.99) + min);
    const quantized = this.node("DynamicQuantizeLinear", [x], {}, 3);
    const scales = seed % 2 ? this.constant("float32", [0.01], []) : this.floats([n], seed, 1.5);
    const zeros = seed % 3 ? this.constant("int8", [seed % 5], []) : this.constant("int8", bytes.slice(0, n));
    const b = this.constant("int8", bytes, [k, n]);
    return [
      quantized[0],
      b,
      quantized[1],
      scales,
      quantized[2],
      zeros,
      ...(seed % 7 ? [this.floats([n], seed)] : []),
    ];
  }

  /** A matrix of 4 bits and the scales of its blocks. */
  halves(k: number, n: number, block: number, { seed }: Action): [b: string, scales: string] {
    const b = Array.from(noise(k * n, seed), (x) => Math.floor((x + 1) * 7.99) - 8);
    return [this.constant("int4", b, [k, n]), this.floats([Math.ceil(k / block), n], seed, 1.5)];
  }
}

type Make = (maker: Maker, value: Value, action: Action, other: Value) => void;

const unary = "Tanh Gelu Swish Relu Sigmoid Erf Exp Neg Sqrt Abs Log Sin Cos Identity".split(" ");
const binary = ["Add", "Sub", "Mul", "Div"];
const last = (dims: readonly number[]) => dims[dims.length - 1];

const makers: readonly Make[] = [
  (maker, { name, dims }, { seed }) => maker.add(dims, unary[seed % unary.length], [name]),
  (maker, { name, dims }, { seed }, other) => {
    const same = String(other.dims) === String(dims) ? other.name : name;
    maker.add(dims, binary[seed % 4], [name, same]);
  },
  (maker, { name, dims }, { seed, order }) => {
    const shapes = [[], [last(dims)], [1, 1, last(dims)], [1, dims[1], 1], dims];
    const sides = [name, maker.floats(shapes[seed % shapes.length], seed, 2)];
    maker.add(dims, binary[seed % 4], order[0] ? sides : sides.reverse());
  },
  (maker, { name, dims }, { order }) =>
    maker.add(
      order.map((axis) => dims[axis]),
      "Transpose",
      [name],
      { perm: order },
    ),
  (maker, { name, dims }, { order }) => {
    const to = order.map((axis) => dims[axis]);
    maker.add(to, "Reshape", [name, maker.constant("int64", to)]);
  },
  (maker, { name, dims }, { order: [axis], seed }) => {
    const size = dims[axis];
    const [start, step] = [seed % size, 1 + (seed % 3)];
    const to = dims.map((dim, i) => (i === axis ? Math.ceil((size - start) / step) : dim));
    const list = (x: number) => maker.constant("int64", [x]);
    maker.add(to, "Slice", [name, list(start), list(size), list(axis - 3), list(step)]);
  },
  (maker, { name, dims }, { order: [axis], seed }, other) => {
    const fits = other.dims.every((dim, i) => i === axis || dim === dims[i]);
    const parts = fits ? [name, other.name] : [name, name];
    const added = fits ? other.dims[axis] : dims[axis];
    const to = dims.map((dim, i) => (i === axis ? dim + added : dim));
    if (sizeOf(to) < 600) maker.add(to, "Concat", parts, { axis: seed % 2 ? axis : axis - 3 });
  },
  (maker, { name, dims }, { order: [axis], seed }) =>
    maker.add(dims, "Softmax", [name], { axis: seed % 2 ? -1 : axis }),
  (maker, { name, dims }, { seed }) => {
    const weights = [maker.floats([last(dims)], seed, 1), maker.floats([last(dims)], seed + 1)];
    maker.add(dims, "LayerNormalization", [name, ...weights.slice(seed % 2)], { axis: -1, epsilon: 1e-5 });
  },
  (maker, { name, dims }, { seed }) => {
    const weights = [maker.floats([last(dims)], seed, 1), maker.floats([last(dims)], seed + 1)];
    maker.add(dims, "GroupNorm", [name, ...weights], { epsilon: 1e-5 });
  },
  (maker, { name, dims }, { seed }) => {
    const n = 1 + (seed % 11);
    maker.add([dims[0], dims[1], n], "MatMul", [name, maker.floats([last(dims), n], seed)]);
  },
  (maker, { name, dims }, action) => {
    const n = 1 + (action.seed % 19);
    const inputs = maker.integers(name, last(dims), n, action);
    maker.add([dims[0], dims[1], n], "MatMulIntegerToFloat", inputs);
  },
  (maker, { name, dims }, action) => {
    const [width, stride, n] = [
      1 + (action.seed % Math.min(3, dims[1])),
      1 + (action.other % 2),
      1 + (action.seed % 9),
    ];
    const pads = action.seed % 4 ? [0, 0] : [1, 0];
    const time = Math.floor((dims[1] + pads[0] - width) / stride) + 1;
    const window = { kernel_shape: [width], strides: [stride], pads };
    const k = width * last(dims);
    if (action.other % 3)
      maker.add([dims[0], time, n], "ConvIntegerToFloat", maker.integers(name, k, n, action), window);
    else maker.add([dims[0], time, n], "ConvFloat", [name, maker.floats([k, n], action.seed)], window);
  },
  (maker, { name, dims }, { seed }, other) => {
    const fits = other.dims[0] === dims[0] && last(other.dims) === last(dims) && other.dims[1] >= dims[1];
    const keys = fits ? other.name : name;
    const heads = last(dims) % 2 ? 1 : 2;
    maker.add(dims, "Attention", [name, keys, keys], { heads, scale: 0.3, causal: seed % 2 });
  },
  (maker, { name, dims }, { seed }) => {
    if (last(dims) % 4) return;
    const tables = [maker.floats([dims[1], 1], seed), maker.floats([dims[1], 1], seed + 1)];
    maker.add(dims, "RotaryEmbedding", [name, ...tables], { heads: 2, interleaved: seed % 2 });
  },
  (maker, { name, dims }, { seed, order: [axis] }) => {
    const indices = [0, seed % dims[axis], -1];
    const to = dims.map((dim, i) => (i === axis ? 3 : dim));
    if (sizeOf(to) < 600) maker.add(to, "Gather", [name, maker.constant("int64", indices)], { axis });
  },
  (maker, { name, dims }, { order: [axis] }) => {
    const to = dims.map((dim, i) => (i === axis ? 1 : dim));
    maker.add(to, "ReduceMean", [name], { axes: [axis] });
  },
  (maker, { name, dims }) => {
    const [q, scale, zero] = maker.node("DynamicQuantizeLinear", [name], {}, 3);
    maker.add(dims, "DequantizeLinear", [q, scale, zero]);
  },
  (maker, _, action) => {
    const [k, n] = [1 + (action.value % 9), 2 + (action.other % 12)];
    const [, b, , scale, , zero] = maker.integers("x", k, n, action);
    const indices = Array.from({ length: 6 }, (_, i) => ((action.seed * (i + 1)) % (2 * n)) - n);
    const inputs = [b, scale, zero, maker.constant("int64", indices, [2, 3])];
    maker.add([2, 3, k], "GatherDequantize", inputs);
  },
  (maker, { name, dims }, action) => {
    const [k, n, block] = [last(dims), 1 + (action.seed % 19), 8 * (1 + (action.other % 2))];
    const [b, scales] = maker.halves(k, n, block, action);
    const [q, scale, zero] = maker.node("DynamicQuantizeLinear", [name], {}, 3);
    const bias = action.seed % 3 ? [maker.floats([n], action.seed)] : [];
    maker.add([dims[0], dims[1], n], "MatMulBlocksToFloat", [q, b, scale, scales, zero, ...bias], { block });
  },
  (maker, { name, dims }, { seed, other }) => {
    const [k, n] = [last(dims), 1 + (seed % 19)];
    const type = other % 2 ? "int8" : "int16";
    const whole = Array.from(noise(k * n, seed), (x) => Math.floor((x + 1) * (other % 2 ? 127 : 32767)) - 99);
    const b = maker.constant(
      type,
      whole.map((x) => x - (other % 2 ? 29 : 32600)),
      [k, n],
    );
    const [scale, zero] = [maker.constant("float32", [0.001], []), maker.constant("int16", [0], [])];
    const [a] = maker.node("QuantizeLinear", [name, scale, zero]);
    const shape = [dims[0], dims[1], n];
    if (seed % 2) maker.add(shape, "MatMulInteger16ToFloat", [a, b, scale, maker.floats([n], seed, 1.5)]);
    else {
      const [multiplier, shift] = [maker.constant("int32", [1.5e9], []), maker.constant("int32", [-8], [])];
      const [q] = maker.node("MatMulInteger16", [a, b, multiplier, shift]);
      maker.add(shape, "DequantizeLinear", [q, scale]);
    }
  },
  (maker, _, action) => {
    const [k, n, block] = [1 + (action.value % 19), 2 + (action.other % 12), 8];
    const indices = maker.constant("int64", [0, n - 1, -1, -n], [2, 2]);
    maker.add([2, 2, k], "GatherBlocks", [...maker.halves(k, n, block, action), indices], { block });
  },
  (maker, { name, dims }) => {
    const [flat] = maker.node("Flatten", [name], { axis: 2 });
    const [more] = maker.node("Unsqueeze", [flat, maker.constant("int64", [0])]);
    maker.values.push({ name: more, dims: [1, dims[0] * dims[1], dims[2]] });
  },
];

export interface RandomGraph {
  graph: Graph;
  /** Sizes of the inputs. */
  inputs: readonly Value[];
}

function make(actions: readonly Action[], rows: number, width: number): RandomGraph {
  const inputs = [
    { name: "x", dims: [1, rows, width] },
    { name: "z", dims: [2, 3, 4] },
  ];
  const maker = new Maker(inputs);
  for (const each of actions) {
    const [value, other] = [each.value, each.other].map((at) => maker.values[at % maker.values.length]);
    makers[each.kind % makers.length](maker, value, each, other);
  }
  // The last value, two from the middle, and whatever nothing reads.
  const made = maker.values.slice(inputs.length);
  const read = new Set(maker.nodes.flatMap((node) => node.inputs));
  const outputs = made.filter(
    ({ name }, index) => !read.has(name) || index === made.length >> 1 || index === 1,
  );
  const info = ({ name, dims }: Value) => ({ name, dtype: "float32" as const, dims });
  return {
    inputs,
    graph: {
      name: "random",
      inputs: inputs.map(info),
      outputs: outputs.map(info),
      nodes: maker.nodes,
      constants: maker.constants,
    },
  };
}

export const randomGraphs: fc.Arbitrary<RandomGraph> = fc
  .tuple(
    fc.array(action, { minLength: 1, maxLength: 16 }),
    fc.integer({ min: 1, max: 9 }),
    fc.constantFrom(3, 4, 8, 12),
  )
  .map(([actions, rows, width]) => make(actions, rows, width));
