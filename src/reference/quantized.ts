// Elementwise operators of bytes.

import { roundHalfEven } from "./functions.ts";

const f32 = Math.fround;

export interface QuantizedSum {
  aZero: number;
  bZero: number;
  /** Scale of a, and of b, divided by that of the result; float32. */
  aFactor: number;
  bFactor: number;
  zero: number;
  low: number;
  high: number;
}

/** clamp(zero + round((a − aZero)·aFactor + (b − bZero)·bFactor)), half to even; each product and the sum a float32. */
export function addQuantized(a: Uint8Array, b: Uint8Array, how: QuantizedSum): Int32Array {
  const { aZero, bZero, aFactor, bFactor, zero, low, high } = how;
  return Int32Array.from(a, (value, i) => {
    const sum = f32(f32((value - aZero) * f32(aFactor)) + f32((b[i] - bZero) * f32(bFactor)));
    return Math.min(Math.max(roundHalfEven(sum) + zero, low), high);
  });
}
