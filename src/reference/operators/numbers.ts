// Rounding and conversion between element types, each rule written once.

import { type DType, type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate } from "../../tensor/tensor.ts";

const f32 = Math.fround;

/** The nearest number of half precision (11 bits, exponents −14…15, subnormal ones below), half to even. */
export function roundToHalf(x: number): number {
  const size = Math.abs(x);
  if (!(size > 0 && size < Infinity)) return x;
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const step = 2 ** (exponent - 10);
  const scaled = size / step;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  const rounded = (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below) * step;
  return Math.sign(x) * (rounded > 65504 ? Infinity : rounded);
}

/** Rounding of a result to its type; only floats need one. */
export function rounding(dtype: DType): (x: number) => number {
  return dtype === "float32" ? f32 : dtype === "float16" ? roundToHalf : (x) => x;
}

/** The greater of two numbers or two bigints, which `Math.max` does not take. */
export function greater<T extends number | bigint>(a: T, b: T): T {
  if (b > a) return b;
  return a;
}

export function lesser<T extends number | bigint>(a: T, b: T): T {
  if (b < a) return b;
  return a;
}

/** Limited to what a type can hold. */
export function saturate(x: number, dtype: DType): number {
  const { min, max } = traits(dtype);
  return Math.min(Math.max(x, min), max);
}

/**
 * Elements converted as ONNX's Cast does: floats to integers by truncation (beyond the type's range, which
 * ONNX leaves open: limited to it; NaN becomes 0), integers to narrower ones by dropping high bits, anything
 * but zero to true.
 */
export function convert(data: TypedArray, from: DType, to: DType): TypedArray {
  if (from === to) return data;
  const target = allocate(to, data.length) as TypedArray;
  const whole = traits(from).kind !== "float";
  if (traits(to).kind === "bool")
    for (let i = 0; i < data.length; i++) target[i] = Number(data[i]) === 0 ? 0 : 1;
  else if (traits(to).kind === "float") {
    const round = rounding(to);
    for (let i = 0; i < data.length; i++) target[i] = round(Number(data[i]));
  } else
    for (let i = 0; i < data.length; i++)
      target[i] = whole ? narrow(data[i], to) : truncated(Number(data[i]), to);
  return target;
}

/** The low bits of a whole number, as the type reads them. */
export function narrow(x: number | bigint, to: DType): never {
  const { bits, min, array } = traits(to);
  const wide = array === BigInt64Array || array === BigUint64Array;
  if (!wide && typeof x === "number" && x >= min && x <= traits(to).max) return x as never;
  const low = min < 0 ? BigInt.asIntN(bits, BigInt(x)) : BigInt.asUintN(bits, BigInt(x));
  return (wide ? low : Number(low)) as never;
}

const INT64_MAX = 2n ** 63n - 1n;

function truncated(x: number, to: DType): never {
  const whole = Number.isNaN(x) ? 0 : Math.trunc(x);
  if (to !== "int64" && to !== "uint64") return saturate(whole, to) as never;
  const low = to === "int64" ? -INT64_MAX - 1n : 0n;
  const high = to === "int64" ? INT64_MAX : 2n * INT64_MAX + 1n;
  if (!Number.isFinite(whole)) return (whole < 0 ? low : high) as never;
  const big = BigInt(whole);
  return (big < low ? low : big > high ? high : big) as never;
}
