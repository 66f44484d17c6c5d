// A tensor: an element type, dimensions, and a dense row-major array.

import { OctavoxError } from "../errors.ts";
import { type DType, type TypedArray, traits } from "./dtype.ts";

/** The array type that holds each element type. */
export type DataOf<T extends DType> = T extends "float32" | "float16"
  ? Float32Array
  : T extends "float64"
    ? Float64Array
    : T extends "int4" | "int8"
      ? Int8Array
      : T extends "uint4" | "uint8" | "bool"
        ? Uint8Array
        : T extends "int16"
          ? Int16Array
          : T extends "uint16"
            ? Uint16Array
            : T extends "int32"
              ? Int32Array
              : T extends "uint32"
                ? Uint32Array
                : T extends "int64"
                  ? BigInt64Array
                  : T extends "uint64"
                    ? BigUint64Array
                    : TypedArray;

export class Tensor<T extends DType = DType> {
  readonly dtype: T;
  readonly data: DataOf<T>;
  /** Sizes from the outermost to the innermost; `[]` is a scalar. */
  readonly dims: readonly number[];

  /**
   * @param data as many elements as the product of `dims`; kept, not copied. Plain numbers are converted.
   * @throws OctavoxError `shape` when the length does not fit
   */
  constructor(dtype: T, data: DataOf<T> | readonly number[], dims: readonly number[] = [data.length]) {
    const elements = sizeOf(dims);
    if (data.length !== elements)
      throw new OctavoxError("shape", `a ${dtype} tensor of [${dims.join(", ")}]`, {
        expected: `${elements} elements`,
        found: `${data.length}`,
      });
    this.dtype = dtype;
    this.dims = dims;
    this.data = (Array.isArray(data) ? fromNumbers(dtype, data) : data) as DataOf<T>;
  }

  get size(): number {
    return this.data.length;
  }

  /** The same data under other dimensions. */
  reshape(dims: readonly number[]): Tensor<T> {
    return new Tensor(this.dtype, this.data, dims);
  }

  /** The elements as numbers (64-bit integers too: indices and sizes fit a double). */
  numbers(): number[] {
    return Array.from(this.data as ArrayLike<number | bigint>, Number);
  }
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, dim) => product * dim, 1);
}

/** Distance between neighbours along each axis, in elements, of a dense row-major tensor. */
export function stridesOf(dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length);
  for (let axis = dims.length - 1, stride = 1; axis >= 0; stride *= dims[axis--]) strides[axis] = stride;
  return strides;
}

/** A zeroed array for `length` elements of a type. */
export function allocate<T extends DType>(dtype: T, length: number): DataOf<T> {
  return new (traits(dtype).array)(length) as DataOf<T>;
}

/** An array of a type from plain numbers; integers must already be in range. */
export function fromNumbers<T extends DType>(dtype: T, values: readonly number[]): DataOf<T> {
  const data = allocate(dtype, values.length) as TypedArray;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < values.length; i++) data[i] = BigInt(values[i]);
  else data.set(values);
  return data as DataOf<T>;
}
