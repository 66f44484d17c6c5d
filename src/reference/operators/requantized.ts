// Operators from integers to integers: products, convolutions and sums of bytes whose results are bytes again. What a
// quantized graph says with DequantizeLinear, an operator and QuantizeLinear is one of these (`passes/lower-qdq.ts`).

import type { DType } from "../../tensor/dtype.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { depthwiseI32 } from "../depthwise.ts";
import { matmulU8S8I32 } from "../matmul.ts";
import { addQuantized } from "../quantized.ts";
import { addBias, type Requantization, type Rounding, requantize, roundings } from "../requantize.ts";
import { byGroups, columnsOf, depthwiseOut, geometryOf, groupsOf, windowRows } from "./channels-last.ts";
import {
  build,
  dataOf,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  textOf,
  typeOf,
} from "./operator.ts";

/** x, W, factor, shift?, bias?, wZero? */
const [X, W, FACTOR, SHIFT, BIAS, W_ZERO] = [0, 1, 2, 3, 4, 5];

function bytesOf(inputs: Inputs, index: number, context: OperatorContext): Uint8Array {
  const { dtype, data } = required(inputs, index, context);
  if (dtype !== "uint8") throw misfit(inputs, context, `uint8 as input ${index}`, dtype);
  return data as Uint8Array;
}

/** Where results lie, and the limits of those that a fused activation allows. */
function range(context: OperatorContext): { dtype: DType; zero: number; low: number; high: number } {
  const dtype = typeOf(context, "dtype", "uint8");
  const [least, most] = dtype === "int8" ? [-128, 127] : [0, 255];
  return {
    ...{ dtype, zero: numberOf(context, "yZero", 0) },
    ...{ low: numberOf(context, "low", least), high: numberOf(context, "high", most) },
  };
}

/** Rows of `n` sums, as integers of the result's type: with the bias of input 4, and the factors of inputs 2 and 3. */
function finish(
  sums: Int32Array,
  dims: readonly number[],
  inputs: Inputs,
  context: OperatorContext,
): Tensor[] {
  const n = dims[dims.length - 1];
  const rounding = textOf(context, "rounding", "double") as Rounding;
  const [factor, shift, bias] = [required(inputs, FACTOR, context), inputs[SHIFT], inputs[BIAS]];
  if (!roundings.includes(rounding)) throw misfit(inputs, context, roundings.join(", "), rounding);
  if (
    (rounding === "even") !== (factor.dtype === "float32") ||
    (rounding === "even") === (shift !== undefined)
  )
    throw misfit(inputs, context, `factors for rounding "${rounding}"`, factor.dtype);
  if ([factor, shift].some((list) => list && list.size !== 1 && list.size !== n) || (bias && bias.size !== n))
    throw misfit(inputs, context, `factors and bias of ${n} columns`, "others");
  const { dtype, ...limits } = range(context);
  const how: Requantization = { rounding, factors: factor.numbers(), shifts: shift?.numbers(), ...limits };
  const y = requantize(addBias(sums, n, bias?.numbers()), n, how);
  return [build(dtype, dims, (i) => y[i])];
}

/** Zero points of the columns of W; none when it is not given. */
function zerosOf(inputs: Inputs, n: number): Int32Array | undefined {
  const zeros = inputs[W_ZERO]?.numbers();
  return zeros && Int32Array.from({ length: n }, (_, i) => zeros[zeros.length === 1 ? 0 : i]);
}

const matMul: ReferenceOperator = (inputs, context) => {
  const [a, b] = [bytesOf(inputs, X, context), required(inputs, W, context)];
  const { dims } = required(inputs, X, context);
  const [k, n] = b.dims;
  if (b.dims.length !== 2 || dims.at(-1) !== k)
    throw misfit(inputs, context, "A [.., M, K] and B [K, N]", "others");
  const zeros = { aZero: numberOf(context, "xZero", 0), bZeros: zerosOf(inputs, n) };
  const sums = matmulU8S8I32(a, dataOf(b) as Int8Array, [a.length / k, n, k], zeros);
  return finish(sums, [...dims.slice(0, -1), n], inputs, context);
};

const conv: ReferenceOperator = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  const groups = groupsOf(geometry, inputs, context);
  const [x, w] = [bytesOf(inputs, X, context), required(inputs, W, context)];
  const aZero = numberOf(context, "xZero", 0);
  const [k, out] = w.dims;
  const bZeros = zerosOf(inputs, out);
  const count = sizeOf(geometry.dims);
  const sums = byGroups(w, groups, new Int32Array(count * out), (group, columns) =>
    matmulU8S8I32(
      windowRows(x, geometry, aZero, group, groups),
      columnsOf(dataOf(w) as Int8Array, out, columns),
      [count, out / groups, k],
      { aZero, bZeros: bZeros?.subarray(columns.start, columns.end) },
    ),
  );
  return finish(sums, [...geometry.dims, out], inputs, context);
};

const depthwiseConv: ReferenceOperator = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  const out = depthwiseOut(geometry, inputs, context);
  const w = dataOf(required(inputs, W, context)) as Int8Array;
  const sums = depthwiseI32(bytesOf(inputs, X, context), w, geometry, numberOf(context, "xZero", 0));
  return finish(sums, [...geometry.dims, out], inputs, context);
};

/** a and b of the same sizes, each with its zero point and factor. */
const add: ReferenceOperator = (inputs, context) => {
  const [a, b] = [bytesOf(inputs, 0, context), bytesOf(inputs, 1, context)];
  const { dims } = required(inputs, 0, context);
  if (String(dims) !== String(required(inputs, 1, context).dims))
    throw misfit(inputs, context, "equal sizes", "others");
  const { dtype, ...limits } = range(context);
  const of = (name: string) => numberOf(context, name, name.endsWith("Factor") ? 1 : 0);
  const y = addQuantized(a, b, {
    ...{ aZero: of("aZero"), bZero: of("bZero"), aFactor: of("aFactor"), bFactor: of("bFactor") },
    ...limits,
  });
  return [build(dtype, dims, (i) => y[i])];
};

export const requantized: Operators = {
  MatMulQuantized: matMul,
  ConvQuantized: conv,
  DepthwiseConvQuantized: depthwiseConv,
  AddQuantized: add,
};
