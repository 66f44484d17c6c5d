// What a QDQ graph says of its numbers: values that DequantizeLinear reads with one scale and zero point, weights with
// one for each output channel, biases, and what QuantizeLinear makes of a result.

import type { Node } from "../model/graph.ts";
import { roundHalfEven } from "../reference/functions.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { limitsOf } from "./channels-last.ts";
import type { View } from "./rewrite.ts";

const f32 = Math.fround;

/** x ≈ (q − zero)·scale for all of a tensor. */
export interface Affine {
  scale: number;
  zero: number;
  dtype: DType;
}

/** The one scale and zero point, both constant, of a QuantizeLinear or DequantizeLinear. */
export function affineOf(node: Node, view: View): Affine | undefined {
  const scale = view.scalar(node.inputs[1]);
  const zero = node.inputs[2] ? view.constant(node.inputs[2]) : undefined;
  if (scale === undefined || view.constant(node.inputs[1])!.dtype !== "float32") return undefined;
  if ((node.inputs[2] && zero?.size !== 1) || (node.attributes.block_size ?? 0) !== 0) return undefined;
  const made = node.op === "QuantizeLinear" ? node.outputs[0] : node.inputs[0];
  const dtype = zero?.dtype ?? view.fact(made)?.dtype;
  return dtype && { scale, zero: Number(zero?.data[0] ?? 0), dtype };
}

export function sameAffine(a: Affine, b: Affine): boolean {
  return a.scale === b.scale && a.zero === b.zero && a.dtype === b.dtype;
}

/** Integers of a graph and how they are read. */
export interface QuantizedValue extends Affine {
  name: string;
}

/** Where a float comes from that is dequantized with one scale and zero point. */
export function quantizedValue(value: string, view: View): QuantizedValue | undefined {
  const node = view.producerOf(value, "DequantizeLinear");
  const affine = node && affineOf(node, view);
  return affine && !view.constant(node.inputs[0]) ? { ...affine, name: node.inputs[0] } : undefined;
}

/** Types of weights with a sign, as operators take them. */
export type WeightType = "int16" | "int8" | "int4";

/** Constant weights with a sign: x = (q − zeros[channel])·scales[channel]; one for all, or one an output channel. */
export interface QuantizedWeights {
  name: string;
  dtype: WeightType;
  data: Int8Array | Int16Array;
  dims: readonly number[];
  scales: readonly number[];
  zeros: readonly number[];
}

/** Types without a sign move down by half of their range. */
const signed: Partial<Record<DType, { dtype: WeightType; offset: number }>> = {
  int8: { dtype: "int8", offset: 0 },
  uint8: { dtype: "int8", offset: 128 },
  int4: { dtype: "int4", offset: 0 },
  uint4: { dtype: "int4", offset: 8 },
  int16: { dtype: "int16", offset: 0 },
};

/**
 * @param axis that of the output channels
 * @param most bits of a weight
 */
export function quantizedWeights(
  value: string,
  axis: number,
  view: View,
  most: 8 | 16 = 8,
): QuantizedWeights | undefined {
  const node = view.producerOf(value, "DequantizeLinear");
  const source = node && view.constant(node.inputs[0]);
  const [scale, zero] = [view.constant(node?.inputs[1] ?? ""), view.constant(node?.inputs[2] ?? "")];
  const type = source && signed[source.dtype];
  if (!node || !source || !type || dtypes[type.dtype].bits > most || scale?.dtype !== "float32")
    return undefined;
  if ((node.inputs[2] && !zero) || (node.attributes.block_size ?? 0) !== 0) return undefined;
  const own = (node.attributes.axis as number | undefined) ?? 1;
  const along = own < 0 ? own + source.dims.length : own;
  const count = source.dims[axis];
  const fits = (list: Tensor | undefined): boolean =>
    !list || list.size === 1 || (list.size === count && along === axis);
  if (!fits(scale) || !fits(zero)) return undefined;
  const { dtype, offset } = type;
  return {
    name: node.inputs[0],
    dtype,
    data: new Tensor(
      dtype,
      Array.from(source.data as Int8Array, (q) => q - offset),
    ).data as QuantizedWeights["data"],
    dims: source.dims,
    scales: scale.numbers(),
    zeros: (zero?.numbers() ?? [0]).map((each) => each - offset),
  };
}

/** A constant bias of `count` channels in whole steps of `scales`; undefined when it is not constant. */
export function integerBias(
  value: string | undefined,
  scales: readonly number[],
  count: number,
  view: View,
): Int32Array | "none" | undefined {
  if (!value) return "none";
  const node = view.producerOf(value, "DequantizeLinear");
  const scale = node && view.constant(node.inputs[1])?.numbers();
  const source = view.constant(node ? node.inputs[0] : value);
  if (!source || (node && (!scale || node.inputs[2])) || (source.size !== count && source.size !== 1))
    return undefined;
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i];
  const values = source.numbers();
  return Int32Array.from({ length: count }, (_, i) => {
    const step = at(scales, i);
    const own = scale ? at(scale, i) : 1;
    // Integers in the very steps they are added in stay as they are, though a float32 scale may say so but nearly.
    const inSteps = scale && Math.abs(own - step) <= 1e-6 * step ? 1 : own / step;
    const q = roundHalfEven(at(values, i) * inSteps);
    return Math.min(Math.max(q, -(2 ** 31)), 2 ** 31 - 1);
  });
}

/** Whether a value is a float vector with an element for each column. */
export function isVector(value: string, columns: number, view: View): boolean {
  const own = view.fact(value);
  return own?.dtype === "float32" && own.dims?.length === 1 && own.dims[0] === columns;
}

/** What is limited before it is quantized, and the limits as integers of the result. */
export interface Limited {
  value: string;
  low: number;
  high: number;
}

/** Follows Relu and Clip that nothing else reads back from a QuantizeLinear's input. */
export function limitedValue(value: string, y: Affine, view: View): Limited {
  const { min, max } = dtypes[y.dtype];
  const toInteger = (x: number): number =>
    Math.min(Math.max(roundHalfEven(f32(f32(x) / y.scale)) + y.zero, min), max);
  let [at, low, high] = [value, min, max];
  for (;;) {
    const node = view.producer(at);
    const limits = node && limitsOf(node, view);
    if (!limits || view.uses(at) !== 1) return { value: at, low, high };
    const within = (x: number): number => Math.min(Math.max(x, low), high);
    const inner = [limits.low ?? -Infinity, limits.high ?? Infinity].map((x) => within(toInteger(x)));
    [at, low, high] = [node.inputs[0], inner[0], inner[1]];
  }
}

/** Constant weights [out, channels, places..]  →  the matrix [places·channels, out]. */
export function windowMatrix({ dtype, data, dims }: QuantizedWeights): Tensor<WeightType> {
  const [out, channels] = dims;
  const places = data.length / (out * channels);
  const matrix = data.slice();
  for (let o = 0; o < out; o++)
    for (let c = 0; c < channels; c++)
      for (let p = 0; p < places; p++)
        matrix[(p * channels + c) * out + o] = data[(o * channels + c) * places + p];
  return new Tensor(dtype, matrix, [places * channels, out]);
}

/** A product with a constant matrix [K, N], however it is written. */
export interface Product {
  x: string;
  weights: QuantizedWeights;
  matrix: Tensor<WeightType>;
  bias: string | undefined;
}

/** @param most bits of a weight */
export function productOf(node: Node, view: View, most: 8 | 16 = 8): Product | undefined {
  if (node.op === "Add")
    for (const [i, value] of node.inputs.entries()) {
      const product = view.producerOf(value, "MatMul");
      const bias = node.inputs[1 - i];
      const found = product && view.uses(value) === 1 ? productOf(product, view, most) : undefined;
      const dims = view.fact(bias)?.dims;
      if (found && dims?.length === 1 && dims[0] === found.matrix.dims[1]) return { ...found, bias };
    }
  if (node.op !== "MatMul" && node.op !== "Gemm") return undefined;
  const { alpha = 1, beta = 1, transA = 0, transB = 0 } = node.attributes;
  if (alpha !== 1 || beta !== 1 || transA !== 0) return undefined;
  const weights = quantizedWeights(node.inputs[1], transB === 0 ? 1 : 0, view, most);
  if (weights?.dims.length !== 2) return undefined;
  const matrix = transB === 0 ? new Tensor(weights.dtype, weights.data, weights.dims) : windowMatrix(weights);
  return { x: node.inputs[0], weights, matrix, bias: node.inputs[2] };
}
