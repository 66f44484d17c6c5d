// One channel of one FLAC frame (RFC 9639, section 9.2): a prediction from the samples before, and what is left over
// from it as Rice numbers. Samples are integers kept in doubles, which hold every sum a prediction can come to for
// depths up to 33 bits: 32 coefficients of 15 bits make 2^51 at most.

import { type BitReader, FrameError } from "./bits.ts";

/** Coefficients of the fixed predictors by order: differences of that order, the nearest sample first. */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

/** Fills `samples` with one channel of `depth` bits and returns it. @throws FrameError */
export function decodeSubframe(reader: BitReader, depth: number, samples: Float64Array): Float64Array {
  const type = reader.unsigned(7); // a zero bit, then the six of the type
  const wasted = reader.unsigned(1) === 1 ? reader.unary() + 1 : 0; // low bits that are zero in every sample
  const width = depth - wasted;
  if (width < 1) throw new FrameError("no bits to a sample");
  if (type === 0) samples.fill(reader.signed(width));
  else if (type === 1) warmUp(reader, width, samples, samples.length);
  else if (type >= 8 && type <= 12) decodeFixed(reader, width, samples, type - 8);
  else if (type >= 32 && type < 64) decodeLinear(reader, width, samples, type - 31);
  else throw new FrameError(`subframe type ${type}`);
  if (wasted > 0) for (let i = 0; i < samples.length; i++) samples[i] *= 2 ** wasted;
  return samples;
}

function decodeFixed(reader: BitReader, width: number, samples: Float64Array, order: number): void {
  warmUp(reader, width, samples, order);
  decodeResidual(reader, samples, order);
  predict(samples, FIXED[order], 0);
}

function decodeLinear(reader: BitReader, width: number, samples: Float64Array, order: number): void {
  warmUp(reader, width, samples, order);
  const precision = reader.unsigned(4) + 1;
  const shift = reader.signed(5);
  if (precision === 16 || shift < 0) throw new FrameError("a reserved precision or shift");
  const coefficients = Array.from({ length: order }, () => reader.signed(precision));
  decodeResidual(reader, samples, order);
  predict(samples, coefficients, shift);
}

/** The first samples as they are. */
function warmUp(reader: BitReader, width: number, samples: Float64Array, count: number): void {
  if (count > samples.length) throw new FrameError("a prediction longer than its block");
  for (let i = 0; i < count; i++) samples[i] = reader.signed(width);
}

/** Fills `samples` from `order` on with the residual, in partitions that each have a Rice parameter. */
function decodeResidual(reader: BitReader, samples: Float64Array, order: number): void {
  const method = reader.unsigned(2);
  if (method > 1) throw new FrameError(`residual method ${method}`);
  const parameterBits = method === 0 ? 4 : 5;
  const unpredicted = method === 0 ? 15 : 31;
  const partitions = 1 << reader.unsigned(4);
  const size = samples.length / partitions;
  if (!Number.isInteger(size) || size < order) throw new FrameError(`${partitions} partitions`);
  for (let partition = 0, at = order; partition < partitions; partition++) {
    const end = (partition + 1) * size;
    const k = reader.unsigned(parameterBits);
    if (k === unpredicted) {
      const width = reader.unsigned(5);
      while (at < end) samples[at++] = reader.signed(width);
    } else {
      reader.rice(samples, at, end - at, k);
      at = end;
    }
  }
}

/** s[i] = residual[i] + ⌊Σ c[j]·s[i−1−j] / 2^shift⌋ */
function predict(samples: Float64Array, coefficients: readonly number[], shift: number): void {
  const order = coefficients.length;
  const scale = 2 ** -shift;
  for (let i = order; i < samples.length; i++) {
    let sum = 0;
    for (let j = 0; j < order; j++) sum += coefficients[j] * samples[i - 1 - j];
    samples[i] += Math.floor(sum * scale);
  }
}
