// From the int32 sums of an integer operator to the integers of its result: y = clamp(zero + round(sum · factor)).
// How the product is rounded is a rule with a name, because formats differ in it.

import { type FixedMultiplier, multiplyByFixed, multiplyByFixedOnce } from "../tensor/fixed-point.ts";
import { roundHalfEven } from "./functions.ts";

const f32 = Math.fround;

/**
 * `even`: the sum becomes a float32, times a float32 factor, rounded half to even (ONNX). The others compute in
 * integers, with a factor multiplier·2^(shift − 31): `double` rounds twice (gemmlowp, TFLite), `once` rounds once.
 */
export type Rounding = "even" | "double" | "once";
export const roundings: readonly Rounding[] = ["even", "double", "once"];

/** Factors (or multipliers) and shifts: one for all columns, or one a column. */
export interface Requantization {
  rounding: Rounding;
  factors: ArrayLike<number>;
  /** Not for `even`. */
  shifts?: ArrayLike<number> | undefined;
  zero: number;
  low: number;
  high: number;
}

type Rule = (sum: number, factor: number, shift: number) => number;

const rules: Readonly<Record<Rounding, Rule>> = {
  even: (sum, factor) => roundHalfEven(f32(f32(sum) * f32(factor))),
  double: (sum, multiplier, shift) => multiplyByFixed(sum, fixed(multiplier, shift)),
  once: (sum, multiplier, shift) => multiplyByFixedOnce(sum, fixed(multiplier, shift)),
};

function fixed(multiplier: number, shift: number): FixedMultiplier {
  return { multiplier, shift };
}

/** Rows of `n` sums, in place. */
export function requantize(sums: Int32Array, n: number, how: Requantization): Int32Array {
  const { rounding, factors, shifts, zero, low, high } = how;
  const at = (list: ArrayLike<number>, i: number): number => list[list.length === 1 ? 0 : i % n];
  for (let i = 0; i < sums.length; i++) {
    const product = rules[rounding](sums[i], at(factors, i), shifts ? at(shifts, i) : 0);
    sums[i] = Math.min(Math.max(product + zero, low), high);
  }
  return sums;
}

/** Rows of `n` sums with bias[i] added to column i, wrapping, in place. */
export function addBias(sums: Int32Array, n: number, bias: ArrayLike<number> | undefined): Int32Array {
  if (bias) for (let i = 0; i < sums.length; i++) sums[i] += bias[i % n];
  return sums;
}
