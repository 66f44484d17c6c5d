// exp, tanh and the logistic function on fixed-point numbers, as gemmlowp computes them: with integer products
// alone, so that their bits are the same wherever there are integers.
//
// The series of exp decides the error: at most 2^−22 for exp, 2^−22.7 for tanh, 2^−23.7 for the logistic function.
//
// A number of n integer bits is an int32 q that stands for q / 2^(31 − n); "fraction" means n = 0: −1 ≤ x < 1.

import { multiplyByPowerOfTwo, saturatingRoundingDoublingHighMul as times } from "./fixed-point.ts";

const ONE = 2 ** 31 - 1;

/** x · 2^31 for a real constant between −1 and 1. */
const fraction = (x: number): number => Math.round(x * 2 ** 31);

/** e^−(2^exponent) as fractions. The last ones differ from rounding e^x by less than a step. */
const powers: readonly { exponent: number; factor: number }[] = [
  { exponent: -2, factor: 1672461947 },
  { exponent: -1, factor: 1302514674 },
  { exponent: 0, factor: 790015084 },
  { exponent: 1, factor: 290630308 },
  { exponent: 2, factor: 39332535 },
  { exponent: 3, factor: 720401 },
  { exponent: 4, factor: 242 },
];

/** e^x for a fraction in [−¼, 0): four terms of its series about −⅛. */
function expNearZero(a: number): number {
  const x = a + 2 ** 28;
  const square = times(x, x);
  const cube = times(square, x);
  const fourth = multiplyByPowerOfTwo(times(square, square), -2);
  const series = multiplyByPowerOfTwo(times(fourth + cube, fraction(1 / 3)) + square, -1);
  const center = 1895147668; // e^−⅛
  return center + times(center, x + series);
}

/**
 * e^x for x ≤ 0, as a fraction; e^0 is the largest one.
 * @param integerBits of x, 0 … 30
 */
export function expOfNegative(a: number, integerBits: number): number {
  if (a === 0) return ONE;
  const quarter = 2 ** (29 - integerBits);
  // x = rest + whole quarters, −¼ ≤ rest < 0.
  const rest = (a & (quarter - 1)) - quarter;
  let result = expNearZero(multiplyByPowerOfTwo(rest, integerBits));
  const quarters = rest - a;
  for (const { exponent, factor } of powers) {
    const place = 31 - integerBits + exponent;
    if (integerBits > exponent && (quarters >>> place) & 1) result = times(result, factor);
  }
  // What is below −32 has no bit left.
  return integerBits > 5 && a < -(2 ** (36 - integerBits)) ? 0 : result;
}

/** 1 / ((1 + x) / 2) with 2 integer bits, for a fraction x ≥ 0: three steps of Newton's method. */
function inverseOfHalfSum(x: number): number {
  const half = Math.floor((x + ONE + 1) / 2);
  const [start, slope] = [Math.round((48 / 17) * 2 ** 29), Math.round((-32 / 17) * 2 ** 29)];
  let inverse = start + times(half, slope);
  for (let step = 0; step < 3; step++) {
    const error = 2 ** 29 - times(half, inverse);
    inverse += multiplyByPowerOfTwo(times(inverse, error), 2);
  }
  return inverse;
}

/** tanh x, as a fraction. @param integerBits of x, 0 … 29 */
export function tanhFixed(a: number, integerBits: number): number {
  if (a === 0) return 0;
  // tanh |x| = (1 − e^−2|x|) / (1 + e^−2|x|) = 2 / (1 + e^−2|x|) − 1
  const exp = expOfNegative(a < 0 ? a : -a, integerBits + 1);
  const value = multiplyByPowerOfTwo(inverseOfHalfSum(exp) - 2 ** 29, 2);
  return a < 0 ? -value : value;
}

/** 1 / (1 + e^−x), as a fraction. @param integerBits of x, 0 … 30 */
export function logisticFixed(a: number, integerBits: number): number {
  if (a === 0) return 2 ** 30;
  const inverse = inverseOfHalfSum(expOfNegative(a < 0 ? a : -a, integerBits));
  // Half of 2 / (1 + e): one bit less to go from 2 integer bits to none.
  const value = multiplyByPowerOfTwo(inverse, 1);
  return a < 0 ? ONE - value : value;
}
