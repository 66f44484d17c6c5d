// Is this audio at all? Samples that callers hand in are looked at once, here, before any arithmetic: a
// single NaN would otherwise come out as a sentence of nonsense a long way from its cause.

import { type ErrorCode, OctavoxError } from "../errors.ts";

/** Sampling rates octavox converts between, in Hz: below telephone speech to above studio recordings. */
export const RATES = { lowest: 1_000, highest: 384_000 } as const;

export interface SampleOrigin {
  /** In Hz; turns a sample's index into a time in the message. */
  sampleRate?: number;
  file?: string | undefined;
  /** `format` for samples read from a file, `argument` (the default) for samples a program passed in. */
  code?: ErrorCode;
}

/**
 * Throws if `samples` is not a Float32Array of finite numbers.
 * @throws OctavoxError that names the first bad sample by index and second
 */
export function checkSamples(samples: Float32Array, origin: SampleOrigin = {}): void {
  if (!(samples instanceof Float32Array))
    throw new OctavoxError("argument", "audio samples", {
      expected: "a Float32Array of mono samples between -1 and 1",
      found: describe(samples),
    });
  for (let i = 0; i < samples.length; i++) {
    const sample = samples[i];
    // Infinity − Infinity and NaN − NaN are NaN; every finite number minus itself is 0.
    if (sample - sample !== 0) throw notFinite(sample, i, origin);
  }
}

/** The error for a sample that is NaN or infinite. */
export function notFinite(sample: number, index: number, origin: SampleOrigin): OctavoxError {
  const { sampleRate = 16_000, file, code = "argument" } = origin;
  return new OctavoxError(code, `sample ${index}, at ${(index / sampleRate).toFixed(3)} s`, {
    file,
    expected: "a finite number",
    found: `${sample}`,
    remedy: "Find the step that wrote it: often a division by a level of zero",
  });
}

/** Throws unless `rate` is a whole number of Hz within {@link RATES}. */
export function checkRate(
  rate: number,
  details: { file?: string | undefined; offset?: number; code?: ErrorCode } = {},
): void {
  if (Number.isInteger(rate) && rate >= RATES.lowest && rate <= RATES.highest) return;
  const { code = "argument", ...place } = details;
  throw new OctavoxError(code, "sampling rate", {
    ...place,
    expected: `a whole number of Hz from ${RATES.lowest} to ${RATES.highest}`,
    found: `${rate}`,
  });
}

function describe(value: unknown): string {
  if (value === null || typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "an object";
}
