// Between float32 and 8-bit integers: x ≈ (q − zero)·scale.

import { roundHalfEven } from "./functions.ts";

const f32 = Math.fround;

export interface DynamicallyQuantized<Integers = Uint8Array> {
  y: Integers;
  /** A float32 value. */
  scale: number;
  /** 0 … 2^bits − 1 */
  zero: number;
}

/** Rounded half to even, then limited to [low, high]; NaN stays NaN. */
function roundWithin(x: number, low: number, high: number): number {
  return Math.min(Math.max(roundHalfEven(x), low), high);
}

/**
 * ONNX DynamicQuantizeLinear: uint8 over the range of x widened to contain 0; with other `bits` the same with as many
 * steps, in uint16 above 8 bits. NaN does not count for the range and becomes integer 0. Where the scale would be 0 (nothing but zeros) it is 1 and the zero point 0.
 */
export function dynamicQuantize(x: Float32Array): DynamicallyQuantized;
export function dynamicQuantize(
  x: Float32Array,
  bits: number,
): DynamicallyQuantized<Uint8Array | Uint16Array>;
export function dynamicQuantize(x: Float32Array, bits = 8): DynamicallyQuantized<Uint8Array | Uint16Array> {
  const most = 2 ** bits - 1;
  let [min, max] = [0, 0];
  for (const value of x) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = f32(f32(max - min) / most) || 1;
  const zero = roundWithin(f32(-min / scale), 0, most) || 0;
  const quantize = (value: number) => zero + roundWithin(f32(value / scale), -zero, most - zero);
  const y = bits <= 8 ? Uint8Array.from(x, quantize) : Uint16Array.from(x, quantize);
  return { y, scale, zero };
}

/** ONNX QuantizeLinear to uint8: round(x / scale) + zero, half to even, limited to a byte; NaN becomes 0. */
export function quantize(x: Float32Array, scale: number, zero: number): Uint8Array {
  return Uint8Array.from(x, (value) => zero + roundWithin(f32(value / f32(scale)), -zero, 255 - zero) || 0);
}

/** To int16 around 0: round(x / scale), half to even, limited; NaN becomes 0. */
export function quantizeS16(x: Float32Array, scale: number): Int16Array {
  return Int16Array.from(x, (value) => roundWithin(f32(value / f32(scale)), -32768, 32767) || 0);
}

/** The same over x's own range: the farthest from 0 becomes ±32767; of nothing but zeros the scale is 1. */
export function dynamicQuantizeS16(x: Float32Array): { y: Int16Array; scale: number } {
  let [min, max] = [0, 0];
  for (const value of x) {
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const scale = f32(Math.max(-min, max) / 32767) || 1;
  return { y: quantizeS16(x, scale), scale };
}

/** What quantization left over of x: y[i] = x[i] − (q[i] − zero)·scale, each operation rounded. */
export function quantizationResidual(
  x: Float32Array,
  q: Uint8Array,
  scale: number,
  zero: number,
): Float32Array {
  const seen = dequantize(q, scale, zero);
  return x.map((value, i) => value - seen[i]);
}

/** y[i] = (x[i] − zero)·scale */
export function dequantize(
  x: Uint8Array | Int8Array | Uint16Array | Int16Array,
  scale: number,
  zero: number,
): Float32Array {
  return Float32Array.from(x, (q) => (q - zero) * f32(scale));
}
