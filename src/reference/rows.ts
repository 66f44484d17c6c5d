// Functions along the rows of a float32 matrix: softmax and the two normalisations. A sum along a row is
// kept in four partial sums, which is how a vector of four lanes adds; that order is part of the definition.

import { exp } from "./functions.ts";

const f32 = Math.fround;

/** Σ of `count` values: value i goes to partial sum i mod 4, joined as (s0 + s1) + (s2 + s3). */
export function sumInFours(count: number, value: (i: number) => number): number {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < count; i++) sums[i & 3] = f32(sums[i & 3] + value(i));
  return f32(f32(sums[0] + sums[1]) + f32(sums[2] + sums[3]));
}

/** The largest of `count` values, NaN passed over; −∞ when there is none. */
export function largest(count: number, value: (i: number) => number): number {
  let max = -Infinity;
  for (let i = 0; i < count; i++) if (value(i) > max) max = value(i);
  return max;
}

/** Softmax of dense rows of `n`: e^(x − max) / Σ. A NaN in a row makes the row NaN. */
export function softmax(x: Float32Array, n: number): Float32Array {
  const y = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += n) {
    const row = y.subarray(start, start + n);
    const max = largest(n, (i) => x[start + i]);
    for (let i = 0; i < n; i++) row[i] = exp(f32(x[start + i] - max));
    const sum = sumInFours(n, (i) => row[i]);
    for (let i = 0; i < n; i++) row[i] = row[i] / sum;
  }
  return y;
}

/** Mean and 1/√(variance + ε) of the values together. */
export function moments(x: Float32Array, epsilon: number): { mean: number; inverse: number } {
  const count = f32(x.length);
  const mean = f32(sumInFours(x.length, (i) => x[i]) / count);
  const square = (i: number) => {
    const d = f32(x[i] - mean);
    return f32(d * d);
  };
  const variance = f32(sumInFours(x.length, square) / count);
  return { mean, inverse: f32(1 / f32(Math.sqrt(f32(variance + f32(epsilon))))) };
}

/** y[i] = (x[i] − mean)·inverse, then ·weight[i mod n] and + bias[i mod n] where given. */
function scaleAndShift(
  x: Float32Array,
  y: Float32Array,
  n: number,
  { mean, inverse }: { mean: number; inverse: number },
  weight: Float32Array | undefined,
  bias: Float32Array | undefined,
): void {
  for (let i = 0; i < x.length; i++) {
    let value = f32(f32(x[i] - mean) * inverse);
    if (weight) value = f32(value * weight[i % n]);
    if (bias) value = f32(value + bias[i % n]);
    y[i] = value;
  }
}

/** Each dense row of `n` normalised by itself. */
export function layerNorm(
  x: Float32Array,
  n: number,
  epsilon: number,
  weight?: Float32Array,
  bias?: Float32Array,
): Float32Array {
  const y = new Float32Array(x.length);
  for (let start = 0; start < x.length; start += n) {
    const row = x.subarray(start, start + n);
    scaleAndShift(row, y.subarray(start, start + n), n, moments(row, epsilon), weight, bias);
  }
  return y;
}

/** All values (dense rows of `n` columns) normalised together, then weighted by column. */
export function groupNorm(
  x: Float32Array,
  n: number,
  epsilon: number,
  weight?: Float32Array,
  bias?: Float32Array,
): Float32Array {
  const y = new Float32Array(x.length);
  scaleAndShift(x, y, n, moments(x, epsilon), weight, bias);
  return y;
}
