// Operators with 16-bit activations: products and convolutions to floats, and to 16 bits by TFLite's rule.

import type { DType } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { matmulS16F32, matmulS16S16 } from "../int16.ts";
import { geometryOf, groupsOf, windowRows } from "./channels-last.ts";
import {
  dataOf,
  floats,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";

/** Rows of A, B int8, int4 or int16 [K, N], and the result's sizes. */
interface Operands {
  a: Int16Array;
  b: Int8Array | Int16Array;
  shape: readonly [m: number, n: number, k: number];
  dims: readonly number[];
}

const weightTypes: readonly DType[] = ["int8", "int4", "int16"];

type ToOperands = (inputs: Inputs, context: OperatorContext) => Operands;

function weightsOf(inputs: Inputs, context: OperatorContext): { b: Operands["b"]; k: number; n: number } {
  const [a, b] = [required(inputs, 0, context), required(inputs, 1, context)];
  if (a.dtype !== "int16" || b.dims.length !== 2 || !weightTypes.includes(b.dtype))
    throw misfit(inputs, context, "A int16 and B int8, int4 or int16 [K, N]", "others");
  return { b: dataOf(b) as Operands["b"], k: b.dims[0], n: b.dims[1] };
}

/** A [.., M, K] */
const productOf: ToOperands = (inputs, context) => {
  const { b, k, n } = weightsOf(inputs, context);
  const a = required(inputs, 0, context);
  if (a.dims.at(-1) !== k) throw misfit(inputs, context, `A of rows of ${k}`, `${a.dims.at(-1)}`);
  const before = a.dims.slice(0, -1);
  return { a: dataOf(a) as Int16Array, b, shape: [sizeOf(before), n, k], dims: [...before, n] };
};

/** A [batch, space.., channels], B [places·channels, out]; padding is 0. */
const convolutionOf: ToOperands = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  const { b, k, n } = weightsOf(inputs, context);
  groupsOf(geometry, inputs, context);
  const a = windowRows(dataOf(required(inputs, 0, context)) as Int16Array, geometry, 0);
  return { a, b, shape: [sizeOf(geometry.dims), n, k], dims: [...geometry.dims, n] };
};

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
const toFloat =
  (operands: ToOperands): ReferenceOperator =>
  (inputs, context) => {
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
const requantized =
  (operands: ToOperands): ReferenceOperator =>
  (inputs, context) => {
    const { a, b, shape, dims } = operands(inputs, context);
    const [multipliers, shifts] = [2, 3].map((at) =>
      spread(required(inputs, at, context).numbers(), shape[1], inputs, context),
    );
    if (multipliers.some((each) => each < 0) || shifts.some((shift) => shift < -31 || shift > 7))
      throw misfit(inputs, context, "multipliers from 0, shifts from −31 to 7", "others");
    const bias = biasOf(inputs, shape[1], context);
    const limits = { low: numberOf(context, "low", -32768), high: numberOf(context, "high", 32767) };
    const y = matmulS16S16(a, b, shape, { multipliers, shifts, bias, ...limits });
    return [tensorOf("int16", y, dims)];
  };

export const int16: Operators = {
  MatMulInteger16ToFloat: toFloat(productOf),
  MatMulInteger16: requantized(productOf),
  ConvInteger16ToFloat: toFloat(convolutionOf),
  ConvInteger16: requantized(convolutionOf),
};
