// Binders of products and convolutions with 16-bit activations. Weights are laid out in pairs when the first plan that
// needs them is made.

import { exactRun, packPairs } from "../../kernels/layout.ts";
import { multiplier15 } from "../../reference/int16.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fixedDims, isScalar, isVectorOf } from "../operand.ts";
import { asRows, type Binder, type RunContext, type Site, type Step } from "../step.ts";
import { slidingOf, windowBytes, windowRows } from "./sliding.ts";
import { groupsOf } from "./windows.ts";

/** Below, whole numbers in float64 are exact. */
const EXACT = 2 ** 53;
const SHORT = 2;

interface Matrix {
  /** Where B lies, in pairs. */
  b: number;
  n: number;
  k: number;
  bits: 8 | 16;
  /** How many of K have sums that fit 32 bits. */
  run: number;
  weights: Int8Array | Int16Array;
}

/** Of each matrix: looking through all its weights is for once. */
const runs = new WeakMap<Tensor, number>();

const bitsOf: Readonly<Record<string, 8 | 16>> = { int8: 8, int4: 8, int16: 16 };

function matrixOf(site: Site): Matrix | undefined {
  const tensor = site.constant(1);
  const bits = tensor && bitsOf[tensor.dtype];
  if (!bits || tensor.dims.length !== 2 || site.inputs[0]!.dtype !== "int16") return undefined;
  const weights = tensor.data as Int8Array | Int16Array;
  const [k, n] = tensor.dims;
  const run = runs.get(tensor) ?? exactRun(weights, k, n);
  runs.set(tensor, run);
  const b = site.derived("pairs", [tensor], () => packPairs(weights, k, n));
  return { b, n, k, run, weights, bits };
}

/** A constant's values, one a column. */
function columnsOf(tensor: Tensor | undefined, n: number): number[] | undefined {
  if (!tensor || (tensor.size !== 1 && tensor.size !== n)) return undefined;
  const values = tensor.numbers();
  return Array.from({ length: n }, (_, i) => values[tensor.size === 1 ? 0 : i]);
}

/** What a product does to rows of A: as many as there are, one after another. */
type RowsProduct = (context: RunContext, from: number, stride: number, m: number, to: number) => void;

/** The product with the matrix of a site, and the bytes of a value of its result. */
interface Product {
  rows: RowsProduct;
  n: number;
  bytes: number;
}

function toFloat(site: Site): Product | undefined {
  const matrix = matrixOf(site);
  const scale = site.constant(3);
  const scales = matrix && columnsOf(scale, matrix.n);
  if (!matrix || !scale || !scales) return undefined;
  if (!isScalar(site.inputs[2]) || !isVectorOf(site.inputs[4], matrix.n)) return undefined;
  const { b, n, k, run, bits } = matrix;
  const kernel = site.kernels[`matmul_s16s${bits}_f32`];
  const factors = site.derived(`${n} scales`, [scale], () => Float32Array.from(scales));
  const [bias, aScale] = [site.inputs[4]?.pointer ?? 0, site.inputs[2]!.pointer >> 2];
  return {
    ...{ n, bytes: 4 },
    rows: ({ views }, from, stride, m, to) =>
      kernel(from, stride, b, to, n * 4, m, n, k, run, bias, views.f32[aScale], factors),
  };
}

function toInt16(site: Site): Product | undefined {
  const matrix = matrixOf(site);
  if (!matrix) return undefined;
  const { b, n, k, run, bits, weights } = matrix;
  const [multiplier, shift, given] = [2, 3, 4].map((at) => site.constant(at));
  const [multipliers, shifts] = [multiplier, shift].map((each) => columnsOf(each, n));
  const bias = given ? columnsOf(given, n) : [];
  if (!multiplier || !shift || !multipliers || !shifts || !bias || (site.inputs[4] && !given))
    return undefined;
  if (!isExact(weights, { n, multipliers, shifts, bias })) return undefined;
  const { low = -32768, high = 32767 } = site.node.attributes as Record<string, number>;
  const kernel = site.kernels[`matmul_s16s${bits}_s16`];
  const factors = site.derived(`${n} factors`, [multiplier, shift], () =>
    Float64Array.from(multipliers, (each, i) => multiplier15(each) * 2 ** (shifts[i] - 15)),
  );
  const biases = given ? site.derived("float64", [given], () => Float64Array.from(bias)) : 0;
  return {
    ...{ n, bytes: SHORT },
    rows: (_, from, stride, m, to) =>
      kernel(from, stride, b, to, n * SHORT, m, n, k, run, biases, factors, low, high),
  };
}

interface Requantization {
  n: number;
  multipliers: readonly number[];
  shifts: readonly number[];
  bias: readonly number[];
}

/** Whether the rule's numbers, whatever the activations, fit the 53 bits that the kernels have. */
function isExact(weights: Int8Array | Int16Array, { n, multipliers, shifts, bias }: Requantization): boolean {
  const reach = new Float64Array(n);
  for (let i = 0; i < weights.length; i++) reach[i % n] += Math.abs(weights[i]) * 2 ** 15;
  return multipliers.every((multiplier, i) => {
    const shift = shifts[i];
    const most = (reach[i] + Math.abs(bias[i] ?? 0)) * multiplier15(multiplier) + 2 ** (14 - shift);
    return multiplier >= 0 && shift >= -31 && shift <= 7 && most < EXACT;
  });
}

type MakeProduct = (site: Site) => Product | undefined;

const matMul = (make: MakeProduct): Binder => ({
  bind(site): Step | undefined {
    const [dims, product] = [fixedDims(site.inputs[0]), make(site)];
    if (!dims || !product) return undefined;
    const { rows, width } = asRows(dims);
    const [a, y] = [site.inputs[0]!.pointer, site.outputs[0].pointer];
    return (context) => product.rows(context, a, width * SHORT, rows, y);
  },
});

/** Windows as rows; padding is 0. */
const conv = (make: MakeProduct): Binder => ({
  scratch(site) {
    const sliding = slidingOf(site);
    return sliding ? windowBytes(sliding, 1) : 0;
  },
  bind(site): Step | undefined {
    const sliding = slidingOf(site);
    const product = sliding && make(site);
    if (!product || groupsOf(site.node) !== 1) return undefined;
    const rows = windowRows(sliding, 1, site.kernels, site.inputs[0]!.pointer, site.scratch);
    const [y, bytes] = [site.outputs[0].pointer, product.n * product.bytes];
    return (context) =>
      rows(0, (from, stride, m, first) => product.rows(context, from, stride, m, y + first * bytes));
  },
});

export const int16: Record<string, Binder> = {
  MatMulInteger16ToFloat: matMul(toFloat),
  MatMulInteger16: matMul(toInt16),
  ConvInteger16ToFloat: conv(toFloat),
  ConvInteger16: conv(toInt16),
};
