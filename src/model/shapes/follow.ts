// Moving known elements about: the values of small integer tensors as transposes, slices and expansions see them.

import { stridesOf } from "../../tensor/tensor.ts";
import { type Dim, isConstant } from "../dim.ts";
import { longestValue } from "./site.ts";

/** y[i, j, …] = value[offset + i·s0 + j·s1 + …], row-major; nothing when sizes have names or there are too many. */
export function view(
  value: readonly Dim[],
  dims: readonly Dim[],
  strides: readonly number[],
  offset = 0,
): readonly Dim[] | undefined {
  if (!dims.every(isConstant)) return undefined;
  const size = (dims as readonly number[]).reduce((total, dim) => total * dim, 1);
  if (size > longestValue) return undefined;
  const own = stridesOf(dims as readonly number[]);
  return Array.from({ length: size }, (_, index) => {
    const places = own.map((stride, axis) => Math.floor(index / stride) % (dims[axis] as number));
    return value[places.reduce((at, place, axis) => at + place * strides[axis], offset)];
  });
}

/** The elements of a value under a larger shape, by ONNX's broadcasting. */
export function expandValue(
  value: readonly Dim[] | undefined,
  from: readonly Dim[] | undefined,
  to: readonly Dim[] | undefined,
): readonly Dim[] | undefined {
  if (!value || !to || !from?.every(isConstant)) return undefined;
  const strides = stridesOf(from as readonly number[]).map((stride, axis) => (from[axis] === 1 ? 0 : stride));
  return view(value, to, [...new Array<number>(to.length - from.length).fill(0), ...strides]);
}

/** A list in which nothing is missing, or nothing. */
export function complete<T>(list: readonly (T | undefined)[] | undefined): readonly T[] | undefined {
  return list?.every((item) => item !== undefined) ? (list as readonly T[]) : undefined;
}
