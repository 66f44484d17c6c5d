// A speech model for tests, small and with every kind of step: an encoder (convolution in integers, norms, attention
// with rotary positions) and a decoder with caches that grow and caches that are replaced. Its weights are noise.

import { packPanels } from "../kernels/layout.ts";
import type { Attributes, Graph, Layout, Model, Node, ValueInfo } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";

const WIDTH = 24;
const HEADS = 2;
const WINDOW = 40;
export const VOCABULARY = 61;

/** Repeatable numbers in −1…1. */
export function noise(count: number, seed = 1): Float32Array {
  let state = seed * 7919;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state / 0x7fffffff) * 2 - 1;
  });
}

const float = (data: ArrayLike<number>, dims: readonly number[] = [data.length]) =>
  new Tensor("float32", Float32Array.from(data), dims);

/** Collects a graph's nodes and constants. */
class Builder {
  readonly nodes: Node[] = [];
  readonly constants = new Map<string, Tensor>();
  readonly layouts = new Map<string, Layout>();
  private seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Adds a node and returns its first output. */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}, outputs = 1): string {
    const name = `${op}_${this.nodes.length}`;
    const names = Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}:${i}`));
    this.nodes.push({ name, op, inputs, outputs: names, attributes });
    return name;
  }

  constant(name: string, tensor: Tensor): string {
    this.constants.set(name, tensor);
    return name;
  }

  vector(name: string, size: number, around: number): string {
    return this.constant(name, float(noise(size, this.seed++).map((x) => around + x / 4)));
  }

  /** An int8 matrix [k, n] as the kernels read it, with its scale and zero point. */
  matrix(name: string, k: number, n: number): readonly [b: string, scale: string, zero: string] {
    const bytes = Int8Array.from(noise(k * n, this.seed++), (x) => Math.round(127 * x));
    this.constant(name, new Tensor("int8", packPanels(bytes, k, n)));
    this.layouts.set(name, { layout: "panels", dims: [k, n] });
    return [
      name,
      this.constant(`${name}.scale`, float([1 / 127 / Math.sqrt(k)], [])),
      this.constant(`${name}.zero`, new Tensor("int8", [3], [])),
    ];
  }

  /** x quantized on the fly, times a matrix of integers. */
  product(x: string, name: string, k: number, n: number, op = "MatMulIntegerToFloat", attributes = {}) {
    const [b, scale, zero] = this.matrices.get(name) ?? this.matrix(name, k, n);
    this.matrices.set(name, [b, scale, zero]);
    const q = this.add("DynamicQuantizeLinear", [x], {}, 3);
    return this.add(
      op,
      [q, b, `${q}:1`, scale, `${q}:2`, zero, this.vector(`${name}.bias`, n, 0)],
      attributes,
    );
  }
  private readonly matrices = new Map<string, readonly [string, string, string]>();

  /** Turns each head's first values by their position, counted from the length of `past` on (from 0 without it). */
  rotate(parts: readonly string[], past: string | undefined): string[] {
    const count = (name: string) =>
      this.add("Gather", [this.add("Shape", [name]), this.int("time", [1], [])], { axis: 0 });
    const from = past === undefined ? this.int("zero", [0], []) : count(past);
    const to = this.add("Add", [from, count(parts[0])]);
    const positions = this.add("Cast", [this.add("Range", [from, to, this.int("one", [1], [])])], { to: 1 });
    const column = this.add("Unsqueeze", [positions, this.int("second", [1], [1])]);
    const angles = this.add("MatMul", [
      column,
      this.constant("frequencies", float([1, 0.3, 0.1, 0.03], [1, 4])),
    ]);
    const turns = [this.add("Cos", [angles]), this.add("Sin", [angles])];
    const options = { heads: HEADS, interleaved: 1 };
    return parts.map((part) => this.add("RotaryEmbedding", [part, ...turns], options));
  }

  private int(name: string, values: readonly number[], dims: readonly number[]): string {
    return this.constant(name, new Tensor("int64", values, dims));
  }

  attend(q: string, k: string, v: string, causal: 0 | 1): string {
    return this.add("Attention", [q, k, v], { heads: HEADS, scale: Math.sqrt(HEADS / WIDTH), causal });
  }

  norm(x: string, name: string, around = 1): string {
    const weights = [this.vector(`${name}.weight`, WIDTH, around), this.vector(`${name}.bias`, WIDTH, 0)];
    return this.add("LayerNormalization", [x, ...weights], { axis: -1, epsilon: 1e-5 });
  }

  graph(name: string, inputs: readonly ValueInfo[], outputs: Readonly<Record<string, string>>): Graph {
    for (const [output, from] of Object.entries(outputs))
      if (output !== from)
        this.nodes.push({ name: output, op: "Identity", inputs: [from], outputs: [output], attributes: {} });
    const infos = Object.keys(outputs).map((output) => ({
      name: output,
      dtype: "float32" as const,
      dims: rows("rows"),
    }));
    return {
      name,
      inputs,
      outputs: infos,
      nodes: this.nodes,
      constants: this.constants,
      layouts: this.layouts,
    };
  }
}

const rows = (time: number | string, width = WIDTH) => [1, time, width] as const;
const input = (name: string, dims: readonly (number | string)[], dtype: "float32" | "int64" = "float32") => ({
  name,
  dtype,
  dims,
});
const token = input("token", [1, 1], "int64");

/** samples [1, n] → frames [1, ⌊n / 20⌋ − 1, 24] */
function encoder(): Graph {
  const b = new Builder(1);
  const axis = b.constant("last", new Tensor("int64", [2]));
  const x = b.add("Unsqueeze", ["samples", axis]);
  const window = { kernel_shape: [WINDOW], strides: [WINDOW / 2], pads: [0, 0] };
  const heard = b.product(b.add("Tanh", [x]), "ears", WINDOW, WIDTH, "ConvIntegerToFloat", window);
  const weights = [b.vector("group.weight", WIDTH, 1), b.vector("group.bias", WIDTH, 0)];
  const h = b.add("Gelu", [b.add("GroupNorm", [heard, ...weights], { epsilon: 1e-5 })], {
    approximate: "none",
  });
  const n = b.norm(h, "first");
  const parts = ["query", "key", "value"].map((name) => b.product(n, name, WIDTH, WIDTH));
  const [q, k] = b.rotate(parts.slice(0, 2), undefined);
  const v = parts[2];
  const attended = b.add("Add", [h, b.product(b.attend(q, k, v, 0), "out", WIDTH, WIDTH)]);
  const wide = b.add("Swish", [b.product(b.norm(attended, "second"), "up", WIDTH, 3 * WIDTH)]);
  const frames = b.add("Add", [attended, b.product(wide, "down", 3 * WIDTH, WIDTH)]);
  const [keys, values] = ["key", "value"].map((part) => b.product(frames, `heard.${part}`, WIDTH, WIDTH));
  return b.graph("encoder", [input("samples", [1, "samples"])], {
    ...{ frames, "now.heard.keys": keys, "now.heard.values": values },
  });
}

/** A token, and what has been said and heard → logits [1, 1, 61] */
function decoder(): Graph {
  const b = new Builder(4);
  const [e, scale, zero] = b.matrix("embedding", WIDTH, VOCABULARY);
  const x = b.add("GatherDequantize", [e, scale, zero, "token"]);
  const n = b.norm(x, "said");
  const parts = ["query", "key", "value"].map((part) => b.product(n, part, WIDTH, WIDTH));
  const [q, k] = b.rotate(parts.slice(0, 2), "past.keys");
  const v = parts[2];
  const grow = (past: string, now: string) => b.add("Concat", [past, now], { axis: 1 });
  const [keys, values] = [grow("past.keys", k), grow("past.values", v)];
  const said = b.add("Add", [x, b.product(b.attend(q, keys, values, 1), "said.out", WIDTH, WIDTH)]);
  const asked = b.product(b.norm(said, "heard"), "heard.query", WIDTH, WIDTH);
  const understood = b.add("Add", [said, b.attend(asked, "past.heard.keys", "past.heard.values", 0)]);
  // Weights around 0: otherwise the likeliest token were the one said last, whose row the product meets again.
  const quantized = b.add("DynamicQuantizeLinear", [b.norm(understood, "last", 0)], {}, 3);
  const logits = b.add("MatMulIntegerToFloat", [
    quantized,
    e,
    `${quantized}:1`,
    scale,
    `${quantized}:2`,
    zero,
  ]);
  const pasts = ["keys", "values", "heard.keys", "heard.values"].map((part) =>
    input(`past.${part}`, rows(part)),
  );
  return b.graph("step", [token, ...pasts], { logits, "now.keys": keys, "now.values": values });
}

/** Graphs "encoder" and "step"; caches are states. */
export function smallModel(): Model {
  const states = ["keys", "values", "heard.keys", "heard.values"];
  return {
    graphs: [encoder(), decoder()],
    opset: 20,
    states: states.map((name) => ({ name, input: `past.${name}`, output: `now.${name}` })),
    metadata: {},
  };
}
