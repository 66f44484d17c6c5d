// Matrix products, float and integer. Every sum runs in the order of k from 0; an int32 sum wraps.

import { type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate, sizeOf, stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { matmulF32, matmulU8S8F32, matmulU8S8I32 } from "../matmul.ts";
import { broadcastDims, walk } from "./broadcast.ts";
import { transposed } from "./movement.ts";
import { narrow, rounding } from "./numbers.ts";
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
import { centred, requantize } from "./quantization.ts";

const f32 = Math.fround;

type Shape = readonly [m: number, n: number, k: number];
type Product<T extends TypedArray> = (a: T, b: T, shape: Shape) => T;

/** Any other element type: floats rounded after every operation, integers wrapped at the end. */
function productOf(dtype: Tensor["dtype"]): Product<TypedArray> {
  if (dtype === "float32") return matmulF32 as unknown as Product<TypedArray>;
  const round = rounding(dtype);
  const whole = traits(dtype).kind !== "float";
  return (a, b, [m, n, k]) => {
    const c = allocate(dtype, m * n) as TypedArray;
    for (let i = 0; i < m * n; i++) {
      const [row, column] = [Math.floor(i / n) * k, i % n];
      let sum = whole ? 0n : 0;
      for (let l = 0; l < k; l++) {
        const [x, y] = [a[row + l], b[l * n + column]];
        sum = whole
          ? (sum as bigint) + BigInt(x) * BigInt(y)
          : round((sum as number) + round((x as number) * (y as number)));
      }
      c[i] = (whole ? narrow(sum, dtype) : sum) as never;
    }
    return c;
  };
}

/**
 * A [.., M, K] · B [.., K, N] with the leading axes broadcast; a vector is a row on the left, a column on the
 * right, and its axis is missing from the result.
 */
function batched<T extends TypedArray>(
  a: { data: T; dims: readonly number[] },
  b: { data: T; dims: readonly number[] },
  result: Tensor["dtype"],
  product: Product<T>,
  inputs: Inputs,
  context: OperatorContext,
): Tensor {
  const left = a.dims.length === 1 ? [1, ...a.dims] : a.dims;
  const right = b.dims.length === 1 ? [...b.dims, 1] : b.dims;
  const [m, k] = left.slice(-2);
  const [rows, n] = right.slice(-2);
  if (left.length < 2 || right.length < 2 || rows !== k)
    throw misfit(inputs, context, "[.., M, K] and [.., K, N]", `K of ${k} and ${rows}`);
  const shell = (dims: readonly number[]) =>
    tensorOf("uint8", new Uint8Array(sizeOf(dims.slice(0, -2))), dims.slice(0, -2));
  const batch = broadcastDims([shell(left), shell(right)], context);
  const [atA, atB] = [left, right].map((dims) => batchOffsets(dims, batch));
  const c = allocate(result, sizeOf(batch) * m * n) as T;
  for (let i = 0; i < atA.length; i++) {
    const part = product(
      a.data.subarray(atA[i], atA[i] + m * k) as T,
      b.data.subarray(atB[i], atB[i] + k * n) as T,
      [m, n, k],
    );
    c.set(part as never, i * m * n);
  }
  const dims = [...batch, ...(a.dims.length === 1 ? [] : [m]), ...(b.dims.length === 1 ? [] : [n])];
  return tensorOf(result, c, dims);
}

/** Where the matrix of every batch index begins. */
function batchOffsets(dims: readonly number[], batch: readonly number[]): Int32Array {
  const strides = stridesOf(dims);
  const steps = batch.map((_, axis) => {
    const at = axis - batch.length + dims.length - 2;
    return at < 0 || dims[at] === 1 ? 0 : strides[at];
  });
  return walk(batch, steps);
}

const matMul: ReferenceOperator = (inputs, context) => {
  const [a, b] = [required(inputs, 0, context), required(inputs, 1, context)];
  if (a.dtype !== b.dtype) throw misfit(inputs, context, "inputs of one type", b.dtype);
  const side = (tensor: Tensor) => ({ data: dataOf(tensor), dims: tensor.dims });
  return [batched(side(a), side(b), a.dtype, productOf(a.dtype), inputs, context)];
};

/** alpha·A′·B′ + beta·C, A and B transposed where the attributes say so. */
const gemm: ReferenceOperator = (inputs, context) => {
  const turned = (index: number, name: string) => {
    const x = required(inputs, index, context);
    if (x.dims.length !== 2) throw misfit(inputs, context, "matrices", `rank ${x.dims.length}`);
    return numberOf(context, name, 0) === 1 ? transposed(x, [1, 0]) : x;
  };
  const [a, b] = [turned(0, "transA"), turned(1, "transB")];
  const [alpha, beta] = [f32(numberOf(context, "alpha", 1)), f32(numberOf(context, "beta", 1))];
  const [product] = matMul([a, b], context);
  const y = dataOf(product) as Float32Array;
  const round = rounding(product.dtype);
  const [m, n] = product.dims;
  const c = inputs[2];
  const [rows, columns] = c ? [c.dims.at(-2) ?? 1, c.dims.at(-1) ?? 1] : [1, 1];
  if ((rows !== 1 && rows !== m) || (columns !== 1 && columns !== n))
    throw misfit(inputs, context, `C that broadcasts to [${m}, ${n}]`, `[${rows}, ${columns}]`);
  const bias = c && (dataOf(c) as Float32Array);
  for (let i = 0; i < y.length; i++) {
    const [row, column] = [rows === 1 ? 0 : Math.floor(i / n), columns === 1 ? 0 : i % n];
    y[i] = round(y[i] * alpha);
    if (bias) y[i] = round(y[i] + round(beta * bias[row * columns + column]));
  }
  return [product];
};

const integerProduct = ((a: Int32Array, b: Int32Array, shape: Shape) =>
  matmulU8S8I32(a as never, b as never, shape)) satisfies Product<Int32Array>;

/** Zero points of A belong to its rows, those of B to its columns. */
function integers(inputs: Inputs, [a, aZero, b, bZero]: readonly number[], context: OperatorContext): Tensor {
  const left = required(inputs, a, context);
  const right = required(inputs, b, context);
  const side = (tensor: Tensor, zero: Tensor | undefined, axis: number) => ({
    data: centred(tensor, zero, Math.max(tensor.dims.length + axis, 0), inputs, context),
    dims: tensor.dims,
  });
  return batched(
    side(left, inputs[aZero], -2),
    side(right, inputs[bZero], -1),
    "int32",
    integerProduct,
    inputs,
    context,
  );
}

/** A, aScale, aZero, B, bScale, bZero, yScale, yZero */
const qLinearMatMul: ReferenceOperator = (inputs, context) => {
  const sums = integers(inputs, [0, 2, 3, 5], context);
  return [requantize(sums, sums.dims.length - 1, [1, 4, 6, 7], inputs, context)];
};

/** A uint8 [.., M, K], B int8 or int4 [K, N], aScale, bScale [] or [N], aZero, bZero [] or [N], bias [N] */
const matMulIntegerToFloat: ReferenceOperator = (inputs, context) => {
  const [a, b] = [required(inputs, 0, context), required(inputs, 1, context)];
  const [k, n] = b.dims;
  if (b.dims.length !== 2 || a.dims.at(-1) !== k)
    throw misfit(inputs, context, "A [.., M, K] and B [K, N]", "others");
  return [integerToFloat(dataOf(a) as Uint8Array, [...a.dims.slice(0, -1), n], inputs, context)];
};

/** Rows of A against all of B (input 1), with the scales, zero points and bias of inputs 2 to 6. */
export function integerToFloat(
  a: Uint8Array,
  dims: readonly number[],
  inputs: Inputs,
  context: OperatorContext,
): Tensor {
  const b = required(inputs, 1, context);
  const [k, n] = b.dims;
  if (!(a instanceof Uint8Array) || (b.dtype !== "int8" && b.dtype !== "int4"))
    throw misfit(inputs, context, "A uint8 and B int8 or int4", "others");
  const aZero = inputs[4]?.numbers()[0] ?? 0;
  const bZero = inputs[5]?.numbers() ?? [0];
  const bScale = floats(inputs, 3, context);
  const bias = inputs[6] && floats(inputs, 6, context);
  if (![bZero, bScale].every(({ length }) => length === 1 || length === n) || (bias && bias.length !== n))
    throw misfit(inputs, context, `scales, zero points and bias of ${n} columns`, "others");
  const spread = (list: ArrayLike<number>) =>
    Array.from({ length: n }, (_, i) => list[list.length === 1 ? 0 : i]);
  const y = matmulU8S8F32(
    a,
    dataOf(b) as Int8Array,
    [a.length / k, n, k],
    { aZero, bZeros: Int32Array.from(spread(bZero)) },
    {
      aScale: floats(inputs, 2, context)[0],
      bScales: Float32Array.from(spread(bScale)),
      bias,
    },
  );
  return tensorOf("float32", y, dims);
}

/** x [.., M, K], W [K, N], bias of N values */
const linear: ReferenceOperator = (inputs, context) => {
  const [{ dims: left }, w] = [required(inputs, 0, context), required(inputs, 1, context)];
  const [k, n] = w.dims;
  const bias = inputs[2] && floats(inputs, 2, context);
  if (w.dims.length !== 2 || left.at(-1) !== k || (bias && bias.length !== n))
    throw misfit(inputs, context, "x [.., K], W [K, N], bias [N]", "others");
  const x = floats(inputs, 0, context);
  const y = matmulF32(x, floats(inputs, 1, context), [x.length / k, n, k], bias);
  return [tensorOf("float32", y, [...left.slice(0, -1), n])];
};

export const products: Operators = {
  MatMul: matMul,
  Gemm: gemm,
  Linear: linear,
  MatMulInteger: (inputs, context) => [integers(inputs, [0, 2, 1, 3], context)],
  QLinearMatMul: qLinearMatMul,
  MatMulIntegerToFloat: matMulIntegerToFloat,
};
