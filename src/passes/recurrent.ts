// Recurrent layers become walks over time: the input's part of all gates is one product over all frames, which quantizes
// and runs as any other; what remains of a step is a product with h. With 8-bit weights h is quantized step by step.

import type { Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type QuantizedWeights, quantizedWeights, type WeightType } from "./quantized-values.ts";
import { int64, makeNode, type Rewrite, type View } from "./rewrite.ts";

const layers: Readonly<Record<string, { gates: number; activations: string }>> = {
  LSTM: { gates: 4, activations: "Sigmoid,Tanh,Tanh" },
  GRU: { gates: 3, activations: "Sigmoid,Tanh" },
};

/** Inputs of ONNX's operators by position; an LSTM's projection is octavox's addition. */
const [X, W, R, BIAS, LENGTHS, H, C, PEEPHOLES, PROJECTION] = [0, 1, 2, 3, 4, 5, 6, 7, 8];

/** LSTM, GRU  →  a product over all frames, then LstmSteps, GruSteps for each direction. */
export const lowerRecurrent =
  (onlyGiven = false): Rewrite =>
  (node, view) => {
    const layer = Object.hasOwn(layers, node.op) ? layers[node.op] : undefined;
    const sizes = layer && sizesOf(node, layer.gates, view);
    if (!sizes || !isPlain(node, sizes.directions, layer.activations)) return undefined;
    const make = new Maker(node, sizes, view, onlyGiven);
    if (!make.keepsStates) return undefined;
    return node.op === "LSTM" ? make.lstm() : make.gru();
  };

interface Sizes {
  directions: number;
  gates: number;
  hidden: number;
  /** Of the state h: hidden, or what it is projected to. */
  width: number;
}

function sizesOf(node: Node, gates: number, view: View): Sizes | undefined {
  const dims = [W, R].map((at) => view.fact(node.inputs[at])?.dims ?? []);
  const [directions, rows, width] = dims[1];
  if (dims.some((all) => all.length !== 3 || !all.every((dim) => typeof dim === "number"))) return undefined;
  return {
    gates,
    directions: directions as number,
    hidden: (rows as number) / gates,
    width: width as number,
  };
}

/** The usual activations, no clipping, every sequence as long as the input, time first. */
function isPlain({ inputs, attributes }: Node, directions: number, usual: string): boolean {
  const { activations = [], clip = 0, input_forget = 0, layout = 0 } = attributes;
  const named = activations as readonly string[];
  const expected = new Array<string>(directions).fill(usual).join();
  const plain = clip === 0 && input_forget === 0 && layout === 0 && (inputs[LENGTHS] ?? "") === "";
  return plain && (named.length === 0 || named.join() === expected) && !attributes.activation_alpha;
}

class Maker {
  private readonly nodes: Node[] = [];
  private readonly node: Node;
  private readonly sizes: Sizes;
  private readonly view: View;
  /** Weights on few bits, where h may be quantized. */
  private readonly integers: ReadonlyMap<number, QuantizedWeights>;
  /** Of h where it meets weights; 0 where nothing is said. */
  private readonly stateBits: number;

  constructor(node: Node, sizes: Sizes, view: View, onlyGiven: boolean) {
    [this.node, this.sizes, this.view] = [node, sizes, view];
    this.stateBits = Number(node.attributes.state_bits ?? 0);
    const onGrid = view.producerOf(node.inputs[X], "DequantizeLinear") !== undefined;
    const found = [W, R, PROJECTION].flatMap((at) => {
      const weights = node.inputs[at]
        ? quantizedWeights(node.inputs[at], at === PROJECTION ? 2 : 1, view, this.stateBits > 8 ? 16 : 8)
        : undefined;
      return weights ? [[at, weights] as const] : [];
    });
    const all = [W, R, PROJECTION].every((at) => !node.inputs[at] || found.some(([own]) => own === at));
    this.integers = new Map(all && (onGrid || !onlyGiven) ? found : []);
  }

  /** Whether a walk puts states on the bits that the layer says: that takes weights on few bits, for 16 around 0. */
  get keepsStates(): boolean {
    const { cell_bits = 0 } = this.node.attributes;
    if (this.stateBits === 0 && cell_bits === 0) return true;
    const centred = [...this.integers.values()].every(({ zeros }) => zeros.every((zero) => zero === 0));
    return this.integers.size > 0 && (this.stateBits <= 8 || centred);
  }

  lstm(): Node[] {
    return this.walks("LstmSteps", [H, C], (d) => {
      const [r, ofR] = this.matrix(R, d, 0, this.sizes.gates);
      const [p, ofP] = this.node.inputs[PROJECTION]
        ? this.projection(d)
        : ["", this.integers.size ? ["", ""] : []];
      const states = [H, C].map((at) => this.state(at, d));
      return [this.frames(d, this.bias(d, 0, 4)), r, p, ...states, this.peepholes(d), ...ofR, ...ofP];
    });
  }

  /** The bias of the candidate stays apart where it is added before the reset gate. */
  gru(): Node[] {
    const { linear_before_reset = 0 } = this.node.attributes;
    return this.walks(
      "GruSteps",
      [H],
      (d) => {
        const [r, ofR] = this.matrix(R, d, 0, 2);
        const [n, ofN] = this.matrix(R, d, 2, 3);
        const apart = linear_before_reset === 1;
        const bias = apart ? this.gruBias(d) : this.bias(d, 0, 3);
        const own = apart && bias ? this.half(d, 1, 2, 3) : "";
        return [this.frames(d, bias), r, n, this.state(H, d), own, ...ofR, ...ofN];
      },
      { linear_before_reset },
    );
  }

  /** A walk for each direction, and their results beside each other. */
  private walks(
    op: string,
    states: readonly number[],
    inputsOf: (direction: number) => string[],
    attributes: Node["attributes"] = {},
  ): Node[] {
    const { directions, width } = this.sizes;
    const { outputs } = this.node;
    const reverse = this.node.attributes.direction === "reverse";
    const results = Array.from({ length: directions }, (_, d) => {
      const inputs = inputsOf(d);
      while (inputs.at(-1) === "") inputs.pop();
      const made = ["y", ...states].map((part) => this.fresh(`${part}${d}`));
      const backwards = reverse || d === 1 ? 1 : 0;
      const suffix = this.integers.size === 0 ? "" : this.stateBits > 8 ? "Integer16" : "Integer";
      const { cell_bits } = this.node.attributes;
      const bits = {
        ...(suffix === "Integer" && this.stateBits > 0 && this.stateBits < 8 ? { bits: this.stateBits } : {}),
        ...(cell_bits === undefined ? {} : { cell_bits }),
      };
      this.nodes.push(makeNode(`${op}${suffix}`, inputs, made, { ...attributes, ...bits, backwards }));
      return made;
    });
    const columns = (which: number): string[] => results.map((made) => made[which]);
    if (outputs[0]) {
      const shape = this.constant("y/shape", int64(0, 1, -1, width));
      const parts = columns(0).map((part) => this.add("Reshape", [part, shape]));
      this.join(parts, outputs[0], 1);
    }
    states.forEach((_, i) => {
      if (outputs[i + 1]) this.join(columns(i + 1), outputs[i + 1], 0);
    });
    return this.nodes;
  }

  private join(parts: readonly string[], output: string, axis: number): void {
    const alone = parts.length === 1;
    this.nodes.push(
      alone ? makeNode("Identity", parts, [output]) : makeNode("Concat", parts, [output], { axis }),
    );
  }

  /** x·W + bias of a direction, all frames at once. */
  private frames(d: number, bias: string | undefined): string {
    const [w, affine] = this.matrix(W, d, 0, this.sizes.gates);
    const matrix = affine.length > 0 ? this.add("DequantizeLinear", [w, ...affine], { axis: 1 }) : w;
    const product = this.add("MatMul", [this.node.inputs[X], matrix]);
    return bias ? this.add("Add", [product, bias]) : product;
  }

  /** Some gates of W or R as a matrix [width, gates·hidden], and scale and zero point of one on few bits. */
  private matrix(at: number, d: number, from: number, to: number): [name: string, affine: string[]] {
    const { hidden } = this.sizes;
    const [first, last] = [from * hidden, to * hidden];
    const weights = this.integers.get(at);
    if (weights) return this.integerMatrix(weights, d, first, last, true);
    const own = this.direction(this.node.inputs[at], d, [-1, this.widthOf(at)]);
    const part = first === 0 && to === this.sizes.gates ? own : this.slice(own, first, last, 0);
    return [this.add("Transpose", [part], { perm: [1, 0] }), []];
  }

  private widthOf(at: number): number {
    return this.view.fact(this.node.inputs[at])!.dims![2] as number;
  }

  /** [hidden, width] as it is. */
  private projection(d: number): [name: string, affine: string[]] {
    const { hidden, width } = this.sizes;
    const weights = this.integers.get(PROJECTION);
    if (weights) return this.integerMatrix(weights, d, 0, hidden, false);
    return [this.direction(this.node.inputs[PROJECTION], d, [hidden, width]), []];
  }

  /** Rows `first` to `last` of a direction, as columns if they are outputs. */
  private integerMatrix(
    { name, dtype, data, dims, scales, zeros }: QuantizedWeights,
    d: number,
    first: number,
    last: number,
    turned: boolean,
  ): [name: string, affine: string[]] {
    const [, rows, columns] = dims;
    const own = data.subarray((d * rows + first) * columns, (d * rows + last) * columns);
    const count = last - first;
    const matrix = own.slice();
    if (turned)
      for (let i = 0; i < matrix.length; i++) matrix[i] = own[(i % count) * columns + Math.floor(i / count)];
    const part = (what: string, tensor: Tensor): string =>
      this.view.addConstant(`${name}/${d}/${first}/${what}`, tensor);
    const spread = (list: readonly number[]): number[] => {
      const all = Array.from({ length: turned ? rows : columns }, (_, i) => list[list.length === 1 ? 0 : i]);
      return turned ? all.slice(first, last) : all;
    };
    const shape = turned ? [columns, count] : [count, columns];
    return [
      part("matrix", new Tensor(dtype, matrix, shape)),
      [part("scales", vector("float32", spread(scales))), part("zeros", vector(dtype, spread(zeros)))],
    ];
  }

  /** Gates `from` to `to` of one half of a direction's bias: 0 of the input, 1 of the recurrence. */
  private half(d: number, half: 0 | 1, from: number, to: number): string {
    const { hidden, gates } = this.sizes;
    const own = this.direction(this.node.inputs[BIAS], d, [-1]);
    const start = half * gates * hidden;
    return this.slice(own, start + from * hidden, start + to * hidden, 0);
  }

  /** Both halves of the bias of some gates, in one. */
  private bias(d: number, from: number, to: number): string | undefined {
    if (!this.node.inputs[BIAS]) return undefined;
    return this.add("Add", [this.half(d, 0, from, to), this.half(d, 1, from, to)]);
  }

  /** Both halves for update and reset, the input's for the candidate. */
  private gruBias(d: number): string | undefined {
    const both = this.bias(d, 0, 2);
    return both && this.add("Concat", [both, this.half(d, 0, 2, 3)], { axis: 0 });
  }

  private state(at: number, d: number): string {
    const name = this.node.inputs[at] ?? "";
    return name === "" || this.sizes.directions === 1 ? name : this.slice(name, d, d + 1, 0);
  }

  private peepholes(d: number): string {
    return this.node.inputs[PEEPHOLES] ? this.direction(this.node.inputs[PEEPHOLES], d, [-1]) : "";
  }

  /** A direction's part of a value, without the axis of directions. */
  private direction(value: string, d: number, shape: readonly number[]): string {
    const own = this.sizes.directions === 1 ? value : this.slice(value, d, d + 1, 0);
    return this.add("Reshape", [own, this.constant(`shape ${shape}`, int64(...shape))]);
  }

  private slice(value: string, from: number, to: number, axis: number): string {
    const bounds = [from, to, axis].map((bound) => this.constant(`${bound}`, int64(bound)));
    return this.add("Slice", [value, ...bounds]);
  }

  private constant(hint: string, tensor: Tensor): string {
    return this.view.addConstant(`${this.node.name}/${hint}`, tensor);
  }

  private fresh(part: string): string {
    return this.view.fresh(`${this.node.name}/${part}`);
  }

  private add(op: string, inputs: readonly string[], attributes: Node["attributes"] = {}): string {
    const output = this.fresh(op.toLowerCase());
    this.nodes.push(makeNode(op, inputs, [output], attributes));
    return output;
  }
}

/** One number where all are equal. */
function vector(dtype: "float32" | WeightType, values: readonly number[]): Tensor {
  const alike = values.every((value) => value === values[0]);
  return alike ? new Tensor(dtype, [values[0]], []) : new Tensor(dtype, values, [values.length]);
}
