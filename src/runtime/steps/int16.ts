// Binders of products with 16-bit activations. Weights are laid out in pairs when the first plan that needs them is made.

import { exactRun, packPairs } from "../../kernels/layout.ts";
import { multiplier15 } from "../../reference/int16.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { fixedDims, isScalar, isVectorOf } from "../operand.ts";
import { asRows, type Binder, type Site, type Step } from "../step.ts";

/** Below, whole numbers in float64 are exact. */
const EXACT = 2 ** 53;

interface Product {
  /** Pointers to A, the weights and C. */
  a: number;
  b: number;
  y: number;
  m: number;
  n: number;
  k: number;
  bits: 8 | 16;
  /** How many of K have sums that fit 32 bits. */
  run: number;
  weights: Int8Array | Int16Array;
}

/** Of each matrix: looking through all its weights is for once. */
const runs = new WeakMap<Tensor, number>();

function productOf(site: Site): Product | undefined {
  const dims = fixedDims(site.inputs[0]);
  const tensor = site.constant(1);
  const int = tensor?.dtype === "int8" || tensor?.dtype === "int16";
  if (!dims || !tensor || !int || tensor.dims.length !== 2 || site.inputs[0]!.dtype !== "int16")
    return undefined;
  const weights = tensor.data as Int8Array | Int16Array;
  const [k, n] = tensor.dims;
  const run = runs.get(tensor) ?? exactRun(weights, k, n);
  runs.set(tensor, run);
  return {
    a: site.inputs[0]!.pointer,
    b: site.derived("pairs", [tensor], () => packPairs(tensor.data as Int8Array | Int16Array, k, n)),
    y: site.outputs[0].pointer,
    m: asRows(dims).rows,
    ...{ n, k, run, weights, bits: tensor.dtype === "int8" ? 8 : 16 },
  };
}

/** A constant's values, one a column. */
function columnsOf(tensor: Tensor | undefined, n: number): number[] | undefined {
  if (!tensor || (tensor.size !== 1 && tensor.size !== n)) return undefined;
  const values = tensor.numbers();
  return Array.from({ length: n }, (_, i) => values[tensor.size === 1 ? 0 : i]);
}

const toFloat: Binder = {
  bind(site): Step | undefined {
    const product = productOf(site);
    const scale = site.constant(3);
    const scales = product && columnsOf(scale, product.n);
    if (!product || !scale || !scales) return undefined;
    if (!isScalar(site.inputs[2]) || !isVectorOf(site.inputs[4], product.n)) return undefined;
    const { a, b, y, m, n, k, run, bits } = product;
    const kernel = site.kernels[`matmul_s16s${bits}_f32`];
    const factors = site.derived(`${n} scales`, [scale], () => Float32Array.from(scales));
    const [bias, aScale] = [site.inputs[4]?.pointer ?? 0, site.inputs[2]!.pointer >> 2];
    return ({ views }) => kernel(a, k * 2, b, y, n * 4, m, n, k, run, bias, views.f32[aScale], factors);
  },
};

const toInt16: Binder = {
  bind(site): Step | undefined {
    const product = productOf(site);
    if (!product) return undefined;
    const { a, b, y, m, n, k, run, bits, weights } = product;
    const [multiplier, shift, given] = [2, 3, 4].map((at) => site.constant(at));
    const [multipliers, shifts] = [multiplier, shift].map((each) => columnsOf(each, n));
    const bias = given ? columnsOf(given, n) : [];
    if (!multiplier || !shift || !multipliers || !shifts || !bias || (site.inputs[4] && !given))
      return undefined;
    if (!isExact(weights, { n, multipliers, shifts, bias })) return undefined;
    const kernel = site.kernels[`matmul_s16s${bits}_s16`];
    const factors = site.derived(`${n} factors`, [multiplier, shift], () =>
      Float64Array.from(multipliers, (each, i) => multiplier15(each) * 2 ** (shifts[i] - 15)),
    );
    const biases = given ? site.derived("float64", [given], () => Float64Array.from(bias)) : 0;
    return () => kernel(a, k * 2, b, y, n * 2, m, n, k, run, biases, factors);
  },
};

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

export const int16: Record<string, Binder> = {
  MatMulInteger16ToFloat: toFloat,
  MatMulInteger16: toInt16,
};
