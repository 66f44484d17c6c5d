// Operators with 16-bit activations: products to floats, and to 16 bits by TFLite's rule.

import { sizeOf } from "../../tensor/tensor.ts";
import { matmulS16F32, matmulS16S16 } from "../int16.ts";
import {
  dataOf,
  floats,
  type Inputs,
  misfit,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";

/** A int16 [.., M, K] and B int8 or int16 [K, N] as arrays and sizes. */
function operands(inputs: Inputs, context: OperatorContext) {
  const [a, b] = [required(inputs, 0, context), required(inputs, 1, context)];
  const [k, n] = b.dims;
  const fits = b.dims.length === 2 && a.dims.at(-1) === k && (b.dtype === "int8" || b.dtype === "int16");
  if (a.dtype !== "int16" || !fits)
    throw misfit(inputs, context, "A int16 [.., K] and B int8 or int16 [K, N]", "others");
  const rows = sizeOf(a.dims.slice(0, -1));
  return {
    a: dataOf(a) as Int16Array,
    b: dataOf(b) as Int8Array | Int16Array,
    shape: [rows, n, k] as const,
    dims: [...a.dims.slice(0, -1), n],
  };
}

/** One value for each of n columns, from one or n. */
function spread(list: ArrayLike<number>, n: number, inputs: Inputs, context: OperatorContext): number[] {
  if (list.length !== 1 && list.length !== n)
    throw misfit(inputs, context, `1 or ${n} values`, `${list.length}`);
  return Array.from({ length: n }, (_, i) => list[list.length === 1 ? 0 : i]);
}

/** The bias of every column, where there is one. */
function biasOf(inputs: Inputs, n: number, context: OperatorContext): number[] | undefined {
  const bias = inputs[4]?.numbers();
  if (bias && bias.length !== n) throw misfit(inputs, context, `bias [${n}]`, `${bias.length} values`);
  return bias;
}

/** A, B, aScale, bScale [] or [N], bias float32 [N] */
const toFloat: ReferenceOperator = (inputs, context) => {
  const { a, b, shape, dims } = operands(inputs, context);
  const bias = biasOf(inputs, shape[1], context);
  const y = matmulS16F32(a, b, shape, {
    aScale: floats(inputs, 2, context)[0],
    bScales: Float32Array.from(spread(floats(inputs, 3, context), shape[1], inputs, context)),
    bias: bias && Float32Array.from(bias),
  });
  return [tensorOf("float32", y, dims)];
};

/** A, B, multiplier, shift int32 [] or [N], bias int64 [N] */
const requantized: ReferenceOperator = (inputs, context) => {
  const { a, b, shape, dims } = operands(inputs, context);
  const [multipliers, shifts] = [2, 3].map((at) =>
    spread(required(inputs, at, context).numbers(), shape[1], inputs, context),
  );
  if (multipliers.some((each) => each < 0) || shifts.some((shift) => shift < -31 || shift > 7))
    throw misfit(inputs, context, "multipliers from 0, shifts from −31 to 7", "others");
  const bias = biasOf(inputs, shape[1], context);
  return [tensorOf("int16", matmulS16S16(a, b, shape, { multipliers, shifts, bias }), dims)];
};

export const int16: Operators = { MatMulInteger16ToFloat: toFloat, MatMulInteger16: requantized };
