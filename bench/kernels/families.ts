// The families of kernels that are measured, a row of a table each: which shapes, how much work a call is, what goes
// in, what the reference makes of it, and how the kernel is called.

import type { KernelFunctions, Pointer } from "../../src/kernels/functions.ts";
import { columnSums, packPanels } from "../../src/kernels/layout.ts";
import { attention } from "../../src/reference/attention.ts";
import { gelu } from "../../src/reference/functions.ts";
import { matmulF32, matmulU8S8F32, matmulU8S8I32 } from "../../src/reference/matmul.ts";
import { dynamicQuantize } from "../../src/reference/quantize.ts";
import { layerNorm, softmax } from "../../src/reference/rows.ts";
import type { Values } from "../contest/task.ts";
import type { LimitName } from "./limit.ts";
import { floats, type Random, signedBytes, unsignedBytes } from "./random.ts";

export type Shape = readonly number[];
type Product = readonly [m: number, n: number, k: number];
type Operands = Readonly<Record<string, Values>>;

/** Puts operands into the kernels' memory. */
export interface Place {
  put(values: Values): Pointer;
  /** Room for so many bytes. */
  reserve(bytes: number): Pointer;
}

export interface Family<S extends Shape = Shape, O extends Operands = Operands> {
  readonly title: string;
  /** The file of `bench/shapes` that lists them. */
  readonly shapes: "products" | "attention" | "rows";
  /** What cannot be outrun; without one the work is counted in values, not in operations. */
  readonly limit?: LimitName;
  /** Operations of a call (a multiplication and an addition are two), or values that it makes. */
  work(shape: S): number;
  operands(shape: S, random: Random): O;
  reference(operands: O, shape: S): Values;
  /** What the call leaves: the element type, and how many there are. */
  readonly type: {
    new (buffer: ArrayBuffer, offset: number, count: number): Values;
    BYTES_PER_ELEMENT: number;
  };
  count(shape: S): number;
  /** Places the operands; `result` is where the call leaves what the reference returns. */
  bind(kernels: KernelFunctions, place: Place, operands: O, shape: S): { call(): void; result: Pointer };
}

const products = {
  shapes: "products",
  type: Float32Array,
  work: ([m, n, k]: Product) => 2 * m * n * k,
  count: ([m, n]: Product) => m * n,
} as const;
const rows = {
  shapes: "rows",
  type: Float32Array,
  work: ([r, n]: Shape) => r * n,
  count: ([r, n]: Shape) => r * n,
} as const;
const bytesProduct = ([m, n, k]: Product, random: Random) => ({
  a: unsignedBytes(random, m * k),
  b: signedBytes(random, k * n),
});
const rowsOfFloats = ([r, n]: Shape, random: Random) => ({ x: floats(random, r * n, 4) });
const EPSILON = 1e-5;

/** Keeps the types of a row's operands and shape together, and lets them go. */
function family<S extends Shape, O extends Operands>(row: Family<S, O>): Family {
  return row as unknown as Family;
}

export const families: Readonly<Record<string, Family>> = {
  u8s8: family({
    ...{ title: "8-bit product, int32", ...products, type: Int32Array, limit: "u8s8" },
    operands: bytesProduct,
    reference: ({ a, b }, shape) => matmulU8S8I32(a, b, shape),
    bind({ matmul_u8s8_i32 }, place, { a, b }, [m, n, k]) {
      const [x, panels, sums] = [a, packPanels(b, k, n), columnSums(b, k, n)].map((v) => place.put(v));
      const c = place.reserve(m * n * 4);
      return { call: () => matmul_u8s8_i32(x, k, panels, c, n * 4, m, n, k, 0, sums, 0, 0), result: c };
    },
  }),

  u8s8_f32: family({
    ...{ title: "8-bit product, scaled to float32", ...products, limit: "u8s8" },
    operands: (shape: Product, random) => ({
      ...bytesProduct(shape, random),
      ...{ scales: floats(random, shape[1], 0.01), bias: floats(random, shape[1], 1) },
    }),
    reference: ({ a, b, scales, bias }, shape) =>
      matmulU8S8F32(a, b, shape, { aZero: 128 }, { aScale: 0.03, bScales: scales, bias }),
    bind({ matmul_u8s8_f32 }, place, { a, b, scales, bias }, [m, n, k]) {
      const all = [a, packPanels(b, k, n), columnSums(b, k, n), scales, bias];
      const [x, panels, sums, s, add] = all.map((v) => place.put(v));
      const c = place.reserve(m * n * 4);
      const call = () =>
        matmul_u8s8_f32(x, k, panels, c, n * 4, m, n, k, 128, sums, 0, 0, Math.fround(0.03), s, add);
      return { call, result: c };
    },
  }),

  f32: family({
    ...{ title: "float32 product", ...products, limit: "f32" },
    operands: ([m, n, k]: Product, random) => ({ a: floats(random, m * k, 1), b: floats(random, k * n, 1) }),
    reference: ({ a, b }, shape) => matmulF32(a, b, shape),
    bind({ matmul_f32 }, place, operands, [m, n, k]) {
      const [a, b] = [place.put(operands.a), place.put(operands.b)];
      const c = place.reserve(m * n * 4);
      return { call: () => matmul_f32(a, k * 4, b, n * 4, c, n * 4, m, n, k, 0), result: c };
    },
  }),

  attention: family({
    ...{ title: "attention, float32", shapes: "attention", limit: "f32", type: Float32Array },
    count: ([tq, , heads, width]: Shape) => tq * heads * width,
    work: ([tq, tk, heads, width]: Shape) => 4 * tq * tk * heads * width,
    operands: ([tq, tk, heads, width], random) => ({
      q: floats(random, tq * heads * width, 1),
      k: floats(random, tk * heads * width, 1),
      v: floats(random, tk * heads * width, 1),
    }),
    reference: ({ q, k, v }, [tq, tk, heads, width, causal]) => {
      const sizes = { tq, tk, heads, qkWidth: width, vWidth: width, scale: 1 / Math.sqrt(width) };
      return attention(q, k, v, { ...sizes, causal: causal ? tk - tq : -1 });
    },
    bind({ attention_f32 }, place, { q, k, v }, [tq, tk, heads, width, causal]) {
      const [x, keys, values] = [q, k, v].map((operand) => place.put(operand));
      const [y, scratch] = [place.reserve(q.byteLength), place.reserve(4 * (tk + 16))];
      const [row, scale, seen] = [heads * width * 4, 1 / Math.sqrt(width), causal ? tk - tq : -1];
      const sizes = [tq, tk, heads, width, width, scale, seen, scratch] as const;
      return { call: () => attention_f32(x, row, keys, row, values, row, y, row, ...sizes), result: y };
    },
  }),

  softmax: family({
    ...{ title: "softmax of rows", ...rows, operands: rowsOfFloats },
    reference: ({ x }, [, n]) => softmax(x, n),
    bind({ softmax_f32 }, place, { x }, [r, n]) {
      const [from, y] = [place.put(x), place.reserve(x.byteLength)];
      return { call: () => softmax_f32(from, y, r, n), result: y };
    },
  }),

  layer_norm: family({
    ...{ title: "layer norm of rows", ...rows, operands: rowsOfFloats },
    reference: ({ x }, [, n]) => layerNorm(x, n, EPSILON),
    bind({ layer_norm_f32 }, place, { x }, [r, n]) {
      const [from, y] = [place.put(x), place.reserve(x.byteLength)];
      return { call: () => layer_norm_f32(from, y, r, n, Math.fround(EPSILON), 0, 0), result: y };
    },
  }),

  gelu: family({
    ...{ title: "GELU", ...rows, operands: rowsOfFloats },
    reference: ({ x }) => x.map(gelu),
    bind({ gelu_f32 }, place, { x }, [r, n]) {
      const [from, y] = [place.put(x), place.reserve(x.byteLength)];
      return { call: () => gelu_f32(from, y, r * n), result: y };
    },
  }),

  dynamic_quantize: family({
    ...{ title: "dynamic quantization", ...rows, type: Uint8Array, operands: rowsOfFloats },
    reference: ({ x }) => dynamicQuantize(x).y,
    bind({ dynamic_quantize_u8 }, place, { x }) {
      const [from, y, scale, zero] = [place.put(x), ...[x.length, 4, 1].map((bytes) => place.reserve(bytes))];
      return { call: () => dynamic_quantize_u8(from, x.length, y, scale, zero), result: y };
    },
  }),
};
