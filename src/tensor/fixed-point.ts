// Integers that stand for fractions: what requantization computes with where there are no floats. An int32 q with
// f fractional bits is q / 2^f. The rules are gemmlowp's and TFLite's; docs of both call the first two of them by
// these names.

const [INT32_MIN, INT32_MAX] = [-(2 ** 31), 2 ** 31 - 1];

/** A positive real number as `multiplier` · 2^(shift − 31). */
export interface FixedMultiplier {
  /** 2^30 … 2^31 − 1, or 0. */
  multiplier: number;
  /** Negative: to the right. */
  shift: number;
}

/** The nearest such number: the fraction, half a step away from 0, in 31 bits. Too small ones become 0. */
export function fixedMultiplier(real: number): FixedMultiplier {
  if (!(real >= 0 && Number.isFinite(real))) throw new RangeError(`a multiplier of ${real}`);
  if (real === 0) return { multiplier: 0, shift: 0 };
  let shift = Math.floor(Math.log2(real)) + 1;
  // The logarithm of a number just below a power of two may be rounded up to it.
  while (real / 2 ** shift >= 1) shift++;
  while (real / 2 ** shift < 0.5) shift--;
  let multiplier = Math.round((real / 2 ** shift) * 2 ** 31);
  if (multiplier === 2 ** 31) [multiplier, shift] = [2 ** 30, shift + 1];
  return shift < -31 ? { multiplier: 0, shift: 0 } : { multiplier, shift };
}

/** a·b / 2^31 rounded to the nearest, ties away from zero for a·b ≥ 0 and towards it below; the one overflow saturates. */
export function saturatingRoundingDoublingHighMul(a: number, b: number): number {
  if (a === INT32_MIN && b === INT32_MIN) return INT32_MAX;
  const positive = a < 0 === b < 0 || a === 0 || b === 0;
  // a·b has up to 62 bits, more than a float64 holds: the upper and the lower 16 bits of a apart.
  const [high, low] = [a >> 16, a & 0xffff];
  const nudged = low * b + (positive ? 2 ** 30 : 1 - 2 ** 30);
  const carry = Math.floor(nudged / 2 ** 16);
  const upper = high * b + carry;
  const whole = Math.floor(upper / 2 ** 15);
  const exact = upper === whole * 2 ** 15 && nudged === carry * 2 ** 16;
  // Division truncates: below zero that is upwards.
  return whole < 0 && !exact ? whole + 1 : whole;
}

/** x / 2^exponent rounded to the nearest, ties away from zero; exponent 0 … 31. */
export function roundingDivideByPowerOfTwo(x: number, exponent: number): number {
  const mask = exponent === 31 ? INT32_MAX : (1 << exponent) - 1;
  const threshold = (mask >> 1) + (x < 0 ? 1 : 0);
  return (x >> exponent) + ((x & mask) > threshold ? 1 : 0);
}

/** x · 2^exponent, saturating; a negative exponent divides as above. */
export function multiplyByPowerOfTwo(x: number, exponent: number): number {
  if (exponent <= 0) return roundingDivideByPowerOfTwo(x, -exponent);
  return Math.max(INT32_MIN, Math.min(INT32_MAX, x * 2 ** exponent));
}

/** TFLite's product of a sum and a real number, rounded twice: first to 31 bits, then by the shift. */
export function multiplyByFixed(sum: number, { multiplier, shift }: FixedMultiplier): number {
  const shifted = shift > 0 ? (sum * 2 ** shift) | 0 : sum;
  return roundingDivideByPowerOfTwo(
    saturatingRoundingDoublingHighMul(shifted, multiplier),
    Math.max(0, -shift),
  );
}

/** The same product rounded once, ties upwards: CMSIS-NN's other rule, and TFLite's where it is built so. */
export function multiplyByFixedOnce(sum: number, { multiplier, shift }: FixedMultiplier): number {
  const right = BigInt(31 - shift);
  const rounded = (BigInt(sum) * BigInt(multiplier) + (1n << (right - 1n))) >> right;
  return Number(BigInt.asIntN(32, rounded));
}
