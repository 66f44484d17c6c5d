// The elementary functions in float32: the definition of what `exp`, `erf`, `tanh`… mean in octavox. Every
// operation is rounded to float32 once (a product, sum, quotient or root of float32 numbers, computed in
// double and then rounded, is the correctly rounded float32 result). Arguments are float32 values.
//
// NaN gives NaN. `Math.fround` also rounds the constants that a kernel holds as float32.

import * as table from "../tensor/approximations.ts";

const f32 = Math.fround;
const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

function bitsOf(x: number): number {
  floats[0] = x;
  return bits[0];
}

function fromBits(pattern: number): number {
  bits[0] = pattern;
  return floats[0];
}

/** Σ coefficients[i]·x^i by Horner's rule. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let sum = f32(coefficients[coefficients.length - 1]);
  for (let i = coefficients.length - 2; i >= 0; i--) sum = f32(f32(sum * x) + f32(coefficients[i]));
  return sum;
}

/** x limited to [−bound, bound]; NaN stays NaN. */
function limit(x: number, bound: number): number {
  return Math.min(Math.max(x, -bound), bound);
}

/** To the nearest integer, half to even; exact for every float32, −0 and the infinities included. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest === 0) return x;
  const rounded = rest < 0.5 || (rest === 0.5 && below % 2 === 0) ? below : below + 1;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

export function exp(x: number): number {
  const { lowest, highest, perLn2, ln2 } = table.exp;
  if (x < f32(lowest)) return 0;
  const limited = Math.min(x, highest);
  const shifted = f32(f32(limited * f32(perLn2)) + table.ROUNDER);
  const n = f32(shifted - table.ROUNDER);
  const r = f32(f32(limited - f32(n * f32(ln2[0]))) - f32(n * f32(ln2[1])));
  const power = fromBits((n + 126) << 23);
  return f32(polynomial(r, table.exp.polynomial) * power);
}

export function log(x: number): number {
  if (x < 0 || Number.isNaN(x)) return Number.NaN;
  if (x === 0) return -Infinity;
  if (x === Infinity) return x;
  const { sqrtHalfBits, smallestNormal, subnormalScale, subnormalExponent, ln2 } = table.log;
  const subnormal = x < smallestNormal;
  const pattern = bitsOf(subnormal ? x * subnormalScale : x);
  const exponent = (pattern - sqrtHalfBits) >> 23;
  const f = f32(fromBits(pattern - (exponent << 23)) - 1);
  const e = exponent - (subnormal ? subnormalExponent : 0);
  const square = f32(f * f);
  const tail = f32(f32(square * f) * polynomial(f, table.log.polynomial));
  const small = f32(f32(tail - f32(0.5 * square)) + f32(e * f32(ln2[1])));
  return f32(f32(small + f) + f32(e * f32(ln2[0])));
}

/** sin(x + turns·π/2): the sine for 0 turns, the cosine for 1. */
function sinAfter(x: number, turns: number): number {
  const { perHalfPi, halfPi, bound, sine, cosine } = table.trigonometric;
  const n = roundHalfEven(f32(x * f32(perHalfPi)));
  let r = x;
  for (const part of halfPi) r = f32(r - f32(n * f32(part)));
  r = limit(r, f32(bound));
  const quadrant = saturateInt32(n) + turns;
  const square = f32(r * r);
  const value =
    quadrant & 1
      ? f32(f32(1 - f32(0.5 * square)) + f32(f32(square * square) * polynomial(square, cosine)))
      : f32(r + f32(f32(r * square) * polynomial(square, sine)));
  return quadrant & 2 ? -value : value;
}

/** As the kernels convert: NaN → 0, the rest limited to int32. */
function saturateInt32(x: number): number {
  return Number.isNaN(x) ? 0 : Math.min(Math.max(x, -2147483648), 2147483647);
}

export function sin(x: number): number {
  return sinAfter(x, 0);
}

export function cos(x: number): number {
  return sinAfter(x, 1);
}

function oddRational(x: number, { bound, numerator, denominator }: table.OddRational): number {
  const limited = limit(x, f32(bound));
  const square = f32(limited * limited);
  const quotient = f32(f32(limited * polynomial(square, numerator)) / polynomial(square, denominator));
  return limit(quotient, 1);
}

export function tanh(x: number): number {
  return oddRational(x, table.tanh);
}

export function erf(x: number): number {
  return oddRational(x, table.erf);
}

export function sigmoid(x: number): number {
  return f32(1 / f32(1 + exp(-x)));
}

/** x·sigmoid(x), also called swish. */
export function silu(x: number): number {
  return f32(x * sigmoid(x));
}

/** x/2·(1 + erf(x/√2)) */
export function gelu(x: number): number {
  return f32(f32(0.5 * x) * f32(1 + erf(f32(x * f32(table.SQRT_HALF)))));
}
