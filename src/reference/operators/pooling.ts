// Pooling: one value of each window of each channel.

import type { DType, TypedArray } from "../../tensor/dtype.ts";
import { allocate, sizeOf, stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { sumInFours } from "../rows.ts";
import { rounding } from "./numbers.ts";
import {
  build,
  dataOf,
  misfit,
  numberOf,
  numbersOf,
  numeric,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";
import { OUTSIDE, windowsOf } from "./window.ts";

/** The largest of each window and its position in the whole input. */
const maxPool: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const sizes = x.dims.slice(2);
  const { dims, places, from } = windowsOf(sizes, numbersOf(context, "kernel_shape") ?? [], inputs, context);
  const [space, count] = [sizeOf(sizes), sizeOf(dims)];
  const shape = [...x.dims.slice(0, 2), ...dims];
  const [data, y] = [dataOf(x), allocate(x.dtype, sizeOf(shape)) as TypedArray];
  const indices = new BigInt64Array(y.length);
  const place = numberOf(context, "storage_order", 0) === 1 ? columnMajor(sizes) : (i: number) => i;
  for (let i = 0; i < y.length; i++) {
    const start = Math.floor(i / count) * space;
    let best = -1;
    for (let p = 0; p < places; p++) {
      const at = from[(i % count) * places + p];
      if (at >= 0 && (best < 0 || data[start + at] > data[start + best])) best = at;
    }
    if (best < 0) throw misfit(inputs, context, "a value in every window", "one with padding only");
    y[i] = data[start + best] as never;
    indices[i] = BigInt(start + place(best));
  }
  return [tensorOf(x.dtype, y, shape), tensorOf("int64", indices, shape)];
};

/** Position of an element when the first axis runs fastest. */
function columnMajor(sizes: readonly number[]): (i: number) => number {
  const strides = stridesOf(sizes);
  const columns = sizes.map((_, axis) => sizeOf(sizes.slice(0, axis)));
  return (i) =>
    sizes.reduce((sum, size, axis) => sum + (Math.floor(i / strides[axis]) % size) * columns[axis], 0);
}

/** Sum of each window divided by its number of values, or of its places with `count_include_pad`. */
const averagePool: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const { dims, places, from } = windowsOf(
    x.dims.slice(2),
    numbersOf(context, "kernel_shape") ?? [],
    inputs,
    context,
  );
  const space = sizeOf(x.dims.slice(2));
  const count = sizeOf(dims);
  const withPadding = numberOf(context, "count_include_pad", 0) === 1;
  const [data, round] = [numeric(x), rounding(x.dtype)];
  return [
    build(x.dtype, [...x.dims.slice(0, 2), ...dims], (i) => {
      const start = Math.floor(i / count) * space;
      const window = from.subarray((i % count) * places, ((i % count) + 1) * places);
      const values = window.filter((at) => at >= 0);
      const divisor = withPadding ? window.filter((at) => at !== OUTSIDE).length : values.length;
      return round(sumInFours(values.length, (j) => data[start + values[j]]) / divisor);
    }),
  ];
};

function globalPool(reduce: (values: ArrayLike<number>, dtype: DType) => number): ReferenceOperator {
  return (inputs, context) => {
    const x: Tensor = required(inputs, 0, context);
    const space = sizeOf(x.dims.slice(2));
    const data = numeric(x);
    const dims = x.dims.map((dim, axis) => (axis < 2 ? dim : 1));
    return [build(x.dtype, dims, (i) => reduce(data.slice(i * space, (i + 1) * space), x.dtype))];
  };
}

export const pooling: Operators = {
  MaxPool: maxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalPool((values, dtype) =>
    rounding(dtype)(sumInFours(values.length, (i) => values[i]) / values.length),
  ),
  GlobalMaxPool: globalPool((values) =>
    Array.from(values).reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
  ),
};
