// Between real numbers and integers: x ≈ (q − zero)·scale, with one scale for the tensor, one for each index
// of an axis, or one for each block of an axis.

import type { DType } from "../../tensor/dtype.ts";
import { stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { roundHalfEven } from "../functions.ts";
import { dynamicQuantize, quantizationResidual } from "../quantize.ts";
import { walk } from "./broadcast.ts";
import { rounding, saturate } from "./numbers.ts";
import {
  axisOf,
  build,
  dataOf,
  floats,
  type Inputs,
  misfit,
  numberOf,
  numeric,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  typeOf,
} from "./operator.ts";

const f32 = Math.fround;

/** For every element the index of its scale. */
function scaleIndex(
  x: Tensor,
  scale: Tensor,
  block: number,
  inputs: Inputs,
  context: OperatorContext,
): (i: number) => number {
  if (scale.size === 1) return () => 0;
  const axis = axisOf(numberOf(context, "axis", 1), x.dims.length, inputs, context);
  const inner = stridesOf(x.dims)[axis];
  const size = x.dims[axis];
  if (block === 0) {
    if (scale.size !== size)
      throw misfit(inputs, context, `${size} scales for axis ${axis}`, `${scale.size}`);
    return (i) => Math.floor(i / inner) % size;
  }
  const blocks = Math.ceil(size / block);
  if (scale.size !== (x.size / size) * blocks)
    throw misfit(inputs, context, `${blocks} scales along axis ${axis}`, `${scale.dims[axis]}`);
  return (i) => {
    const [outer, at] = [Math.floor(i / (inner * size)), Math.floor(i / inner) % size];
    return (outer * blocks + Math.floor(at / block)) * inner + (i % inner);
  };
}

/** q = saturate(round(x / scale) + zero), half to even */
const quantizeLinear: ReferenceOperator = (inputs, context) => {
  const [x, scale] = [required(inputs, 0, context), required(inputs, 1, context)];
  const zero = inputs[2];
  const type: DType = zero?.dtype ?? typeOf(context, "output_dtype", "uint8");
  const at = scaleIndex(x, scale, numberOf(context, "block_size", 0), inputs, context);
  const [values, scales, zeros] = [numeric(x), numeric(scale), zero && numeric(zero)];
  const round = rounding(scale.dtype);
  return [
    build(type, x.dims, (i) => {
      const index = at(i);
      const q = roundHalfEven(round(values[i] / scales[index])) + (zeros?.[index] ?? 0);
      return saturate(Number.isNaN(q) ? 0 : q, type);
    }),
  ];
};

const dequantizeLinear: ReferenceOperator = (inputs, context) => {
  const [x, scale] = [required(inputs, 0, context), required(inputs, 1, context)];
  const at = scaleIndex(x, scale, numberOf(context, "block_size", 0), inputs, context);
  const [values, scales, zeros] = [numeric(x), numeric(scale), inputs[2] && numeric(inputs[2])];
  const round = rounding(scale.dtype);
  return [
    build(scale.dtype, x.dims, (i) => {
      const index = at(i);
      return round(round(values[i] - (zeros?.[index] ?? 0)) * scales[index]);
    }),
  ];
};

const dynamicQuantizeLinear: ReferenceOperator = (inputs, context) => {
  const { dims } = required(inputs, 0, context);
  const { y, scale, zero } = dynamicQuantize(floats(inputs, 0, context), numberOf(context, "bits", 8));
  const type = y instanceof Uint8Array ? "uint8" : "uint16";
  return [
    tensorOf(type, y, dims),
    tensorOf("float32", Float32Array.of(scale), []),
    build(type, [], () => zero),
  ];
};

/** What 8 bits left over of x. */
const residual: ReferenceOperator = (inputs, context) => {
  const [x, q, scale, zero] = [0, 1, 2, 3].map((index) => required(inputs, index, context));
  if (q.dtype !== "uint8" || q.size !== x.size)
    throw misfit(inputs, context, `uint8 [${x.dims}]`, `${q.dtype} [${q.dims}]`);
  const bytes = dataOf(q) as Uint8Array;
  const left = quantizationResidual(floats(inputs, 0, context), bytes, numeric(scale)[0], numeric(zero)[0]);
  return [tensorOf("float32", left, x.dims)];
};

/** x − zero in int32; more than one zero belong to the indices of an axis. */
export function centred(
  x: Tensor,
  zero: Tensor | undefined,
  axis: number,
  inputs: Inputs,
  context: OperatorContext,
): Int32Array {
  const [values, zeros] = [numeric(x), zero ? numeric(zero) : [0]];
  if (zeros.length === 1) return Int32Array.from(values, (value) => value - zeros[0]);
  if (zeros.length === x.dims[axis]) {
    const at = walk(
      x.dims,
      x.dims.map((_, i) => Number(i === axis)),
    );
    return Int32Array.from(values, (value, i) => value - zeros[at[i]]);
  }
  throw misfit(inputs, context, `1 or ${x.dims[axis]} zero points`, `${zeros.length}`);
}

/**
 * Sums of integer products to the output's integers: saturate(round(sum·aScale·bScale/yScale) + yZero). More
 * than one bScale belong to the indices of an axis of the sums.
 * @param at inputs that are aScale, bScale, yScale, yZero
 */
export function requantize(
  sums: Tensor,
  axis: number,
  at: readonly [number, number, number, number],
  inputs: Inputs,
  context: OperatorContext,
): Tensor {
  const [aScale, bScale, yScale, yZero] = at.map((i) => required(inputs, i, context));
  const [from] = numeric(aScale);
  const [to] = numeric(yScale);
  const factors = Array.from(numeric(bScale), (scale) => f32(f32(from * scale) / to));
  const [zero] = numeric(yZero);
  const values = numeric(sums);
  const inner = stridesOf(sums.dims)[axis] ?? 1;
  return build(yZero.dtype, sums.dims, (i) => {
    const factor = factors.length === 1 ? factors[0] : factors[Math.floor(i / inner) % factors.length];
    return saturate(roundHalfEven(f32(f32(values[i]) * factor)) + zero, yZero.dtype);
  });
}

export const quantization: Operators = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  QuantizationResidual: residual,
};
