// Between float32 and 8-bit integers: x ≈ (q − zero)·scale.

import { roundHalfEven } from "./functions.ts";

const f32 = Math.fround;

export interface DynamicallyQuantized {
  y: Uint8Array;
  /** A float32 value. */
  scale: number;
  /** 0…255 */
  zero: number;
}

/** Rounded half to even, then limited to [low, high]; NaN stays NaN. */
function roundWithin(x: number, low: number, high: number): number {
  return Math.min(Math.max(roundHalfEven(x), low), high);
}

/**
 * ONNX DynamicQuantizeLinear: uint8 over the range of x widened to contain 0. NaN does not count for the
 * range and becomes byte 0. Where the scale would be 0 (nothing but zeros) it is 1 and the zero point 0.
 */
export function dynamicQuantize(x: Float32Array): DynamicallyQuantized {
  let [min, max] = [0, 0];
  for (const value of x) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = f32(f32(max - min) / 255) || 1;
  const zero = roundWithin(f32(-min / scale), 0, 255) || 0;
  const quantize = (value: number) => zero + roundWithin(f32(value / scale), -zero, 255 - zero);
  return { y: Uint8Array.from(x, quantize), scale, zero };
}

/** y[i] = (x[i] − zero)·scale */
export function dequantize(x: Uint8Array | Int8Array, scale: number, zero: number): Float32Array {
  return Float32Array.from(x, (q) => (q - zero) * f32(scale));
}
