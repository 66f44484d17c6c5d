// The founding article's interface: a list of numbers as unsigned integers of b bits, and back. The list's own
// range is spread over 0 … S = 2^b − 1:
//
//   Q = S / (max − min)        RQM = round(Q · min)
//   q = round(Q · x) − RQM     x ≈ (q + RQM) / Q
//
// (Alvarez, Prabhavalkar, Bakhtin: On the efficient representation and execution of deep acoustic models, 2016.)
// Both roundings are the same one, half to even. RQM is a whole number that is added back as it was taken away, so
// that what rounding loses is never the same for every value: a loss of precision, no bias.

import { OctavoxError } from "../errors.ts";

/** How integers stand for numbers, in the article's terms. */
export interface RangeQuantization {
  /** Steps a unit: the inverse of the scale. */
  Q: number;
  /** The integer that stands for the least value, before it is moved to 0: the zero point's negative. */
  RQM: number;
}

export interface QuantizedList extends RangeQuantization {
  /** 0 … 2^bits − 1. */
  values: Uint8Array | Uint16Array;
}

/** How integers stand for numbers, in today's terms: x = scale · (q − zeroPoint). */
export interface Affine {
  scale: number;
  zeroPoint: number;
}

const [FEWEST_BITS, MOST_BITS] = [2, 16];

/**
 * Quantizes a list over its own range. Where both ends of the range fall between two integers, the last step is
 * half a step short of `max`, which saturates.
 * @param bits 2 … 16
 * @throws OctavoxError `argument` for an empty list, numbers that are not finite, and other numbers of bits
 */
export function quantizeList(data: ArrayLike<number>, bits: number): QuantizedList {
  checkBits(bits);
  const { min, max } = rangeOf(data);
  const most = 2 ** bits - 1;
  const Q = stepsFor(min, max, most);
  const RQM = roundHalfToEven(Q * min);
  const values = bits <= 8 ? new Uint8Array(data.length) : new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) values[i] = Math.min(most, quantizeValue(data[i], { Q, RQM }));
  return { Q, RQM, values };
}

/** The numbers that a quantized list stands for; each within half a step of what it was. */
export function revertList({ values, Q, RQM }: QuantizedList): Float64Array {
  return Float64Array.from(values, (q) => revertValue(q, { Q, RQM }));
}

/** One number as an integer; outside the range that Q and RQM were made for it is not limited. */
export function quantizeValue(x: number, { Q, RQM }: RangeQuantization): number {
  return roundHalfToEven(Q * x) - RQM;
}

export function revertValue(q: number, { Q, RQM }: RangeQuantization): number {
  return (q + RQM) / Q;
}

export function toAffine({ Q, RQM }: RangeQuantization): Affine {
  return { scale: 1 / Q, zeroPoint: 0 - RQM };
}

/** The inverse of `toAffine`, up to the last bit of Q: two neighbouring Q can have the same inverse. */
export function fromAffine({ scale, zeroPoint }: Affine): RangeQuantization {
  return { Q: 1 / scale, RQM: 0 - zeroPoint };
}

/**
 * Steps a unit. A list of one value c ≠ 0 has no range: its step is |c|, so that it comes back as it was. What is
 * too small for its step to have an inverse comes back as 0.
 */
function stepsFor(min: number, max: number, most: number): number {
  const steps = max > min ? most / (max - min) : 1 / Math.abs(min);
  return Number.isFinite(steps) && steps > 0 ? steps : 1;
}

function rangeOf(data: ArrayLike<number>): { min: number; max: number } {
  if (data.length === 0)
    throw new OctavoxError("argument", "the list to quantize", { expected: "numbers", found: "none" });
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isFinite(value))
      throw new OctavoxError("argument", `value ${i} of the list to quantize`, {
        expected: "a finite number",
        found: `${value}`,
      });
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (!Number.isFinite(max - min))
    throw new OctavoxError("argument", "the range of the list to quantize", {
      expected: "at most the largest number there is",
      found: `${min} … ${max}`,
    });
  return { min, max };
}

function checkBits(bits: number): void {
  if (Number.isInteger(bits) && bits >= FEWEST_BITS && bits <= MOST_BITS) return;
  throw new OctavoxError("argument", "bits", {
    expected: `a whole number from ${FEWEST_BITS} to ${MOST_BITS}`,
    found: `${bits}`,
  });
}

/** Exact for every finite number; never −0. */
function roundHalfToEven(x: number): number {
  const floor = Math.floor(x) + 0;
  const above = x - floor;
  if (above === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return above < 0.5 ? floor : floor + 1;
}
