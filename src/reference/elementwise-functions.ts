// Elementwise float32 functions by name: one or two numbers in, one out. Shapes and broadcasting are the
// business of the operators that use them.

import { cos, erf, exp, gelu, log, sigmoid, silu, sin, tanh } from "./functions.ts";

const f32 = Math.fround;

/** y = f(x) */
export const unaryFunctions = {
  neg: (x) => -x,
  abs: Math.abs,
  sqrt: (x) => f32(Math.sqrt(x)),
  exp,
  log,
  sin,
  cos,
  erf,
  tanh,
  sigmoid,
  relu: (x) => Math.max(x, 0),
  gelu,
  silu,
} satisfies Record<string, (x: number) => number>;

/** y = f(a, b). Of +0 and −0 the maximum is +0, the minimum −0; NaN in either gives NaN. */
export const binaryFunctions = {
  add: (a, b) => f32(a + b),
  sub: (a, b) => f32(a - b),
  mul: (a, b) => f32(a * b),
  div: (a, b) => f32(a / b),
  max: Math.max,
  min: Math.min,
} satisfies Record<string, (a: number, b: number) => number>;

export type UnaryName = keyof typeof unaryFunctions;
export type BinaryName = keyof typeof binaryFunctions;

/** Values limited to low … high, in place; a NaN stays. */
export function limit(y: Float32Array, low: number, high: number): Float32Array {
  for (let i = 0; i < y.length; i++) y[i] = y[i] < low ? low : y[i] > high ? high : y[i];
  return y;
}
