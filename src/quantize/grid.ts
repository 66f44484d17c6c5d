// A grid: the integers low … high and the numbers they stand for, x = scale · (q − zero). Every operation is rounded
// as QuantizeLinear and DequantizeLinear round it, so that what is computed here is what the model will do.

import { roundHalfEven } from "../reference/functions.ts";
import type { DType } from "../tensor/dtype.ts";

const f32 = Math.fround;

export interface Range {
  min: number;
  max: number;
}

/** What a grid is made for: a number of bits, with or without a sign. */
export interface IntegerFormat {
  bits: number;
  /** Zero is the integer 0, and integers have a sign. */
  symmetric: boolean;
  powerOfTwo?: boolean | undefined;
}

export interface Grid {
  /** A float32. */
  scale: number;
  zero: number;
  low: number;
  high: number;
}

/**
 * The least and the greatest integer of a format. Eight signed bits keep to −127 … 127, as products of pairs have to
 * fit 16 bits in the fastest kernels; power-of-two scales were made for −128 … 127.
 */
export function limitsOf({ bits, symmetric, powerOfTwo }: IntegerFormat): { low: number; high: number } {
  if (!symmetric) return { low: 0, high: 2 ** bits - 1 };
  const high = 2 ** (bits - 1) - 1;
  return { low: bits === 8 && !powerOfTwo ? -high : -high - 1, high };
}

/** The narrowest element type that holds a format's integers. */
export function activationType({ bits, symmetric }: IntegerFormat): DType {
  if (symmetric) return bits <= 8 ? "int8" : "int16";
  return bits <= 8 ? "uint8" : "uint16";
}

/** Weights are stored with a sign whether symmetric or not: the integers are then moved down by half of them. */
export function weightType({ bits }: { bits: number }): DType {
  return bits <= 4 ? "int4" : bits <= 8 ? "int8" : "int16";
}

/**
 * The grid over a range, which is widened to contain 0, so that 0 is exact: padding is made of it. A range of nothing
 * but 0 gets steps of 1.
 */
export function gridFor({ min, max }: Range, format: IntegerFormat): Grid {
  const { low, high } = limitsOf(format);
  const [least, most] = [Math.min(min, 0), Math.max(max, 0)];
  if (format.symmetric) {
    const reach = Math.max(-least, most);
    // ML-KWS: one more than the integer bits of the greatest, in a word of `bits`.
    const exact = format.powerOfTwo ? ceilingPower(reach) / 2 ** (format.bits - 1) : reach / high;
    return { scale: usableScale(exact), zero: 0, low, high };
  }
  const scale = usableScale((most - least) / high);
  const zero = Math.min(high, Math.max(0, roundHalfEven(f32(-least / scale)) + 0));
  return { scale, zero, low, high };
}

/** The integer of a number; what lies outside the grid saturates, NaN becomes 0. */
export function quantizeTo({ scale, zero, low, high }: Grid, x: number): number {
  const q = roundHalfEven(f32(x / scale)) + zero;
  return q > low ? Math.min(q, high) : q <= low ? low : zero;
}

export function numberOf({ scale, zero }: Grid, q: number): number {
  return f32((q - zero) * scale);
}

/** The nearest number of the grid. */
export function onGrid(grid: Grid, x: number): number {
  return numberOf(grid, quantizeTo(grid, x));
}

/** The range that a grid covers. */
export function rangeOf(grid: Grid): Range {
  return { min: numberOf(grid, grid.low), max: numberOf(grid, grid.high) };
}

/** The least power of two that is not below x; without logarithms, which differ between engines. */
export function ceilingPower(x: number): number {
  if (!(x > 0)) return 0;
  let power = 1;
  while (power < x) power *= 2;
  while (power / 2 >= x) power /= 2;
  return power;
}

/** A scale as it is stored. Subnormal ones lose bits, and their inverse is infinite: such ranges count as nothing. */
function usableScale(exact: number): number {
  const scale = f32(exact);
  return scale >= 2 ** -126 && scale < Number.POSITIVE_INFINITY ? scale : 1;
}
