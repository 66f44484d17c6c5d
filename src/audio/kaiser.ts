// The low-pass filter of the resampler: a sinc under a Kaiser window, tabulated at evenly spaced fractions
// of a sample. Sine and Bessel function are summed from + − × ÷ and square roots, which IEEE 754 fixes to the bit:
// the same table everywhere.

import { sinPi } from "../tensor/double.ts";

/** sin(πx)/(πx), 1 at 0. */
export function sinc(x: number): number {
  return x === 0 ? 1 : sinPi(x) / (Math.PI * x);
}

/** I₀(x), the modified Bessel function of order 0: Σ ((x²/4)^k / k!²). All terms are positive. */
export function besselI0(x: number): number {
  const quarter = (x * x) / 4;
  let sum = 1;
  for (let k = 1, term = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k);
    sum += term;
  }
  return sum;
}

/** Shape of the Kaiser window for a stop-band `attenuation` in dB above 50 (Kaiser 1974). */
export function kaiserBeta(attenuation: number): number {
  return 0.1102 * (attenuation - 8.7);
}

/** Taps that reach `attenuation` dB within a transition `width`, a fraction of the sampling rate. */
export function kaiserTaps(attenuation: number, width: number): number {
  return Math.ceil((attenuation - 7.95) / (14.36 * width)) + 1;
}

export interface FilterBank {
  /** `[phases + 1, taps]`: row p is the filter for a point p/phases of a sample after tap `taps/2 - 1`. */
  table: Float64Array;
  phases: number;
  /** Even. */
  taps: number;
}

/**
 * Low-pass filters for points between samples.
 * @param cutoff the −6 dB point as a fraction of half the sampling rate, in (0, 1]
 * Every row is scaled to the sum 1, so that a constant stays the same constant at every phase.
 */
export function filterBank(phases: number, taps: number, cutoff: number, attenuation: number): FilterBank {
  const table = new Float64Array((phases + 1) * taps);
  const beta = kaiserBeta(attenuation);
  const half = taps / 2;
  for (let phase = 0; phase <= phases; phase++) {
    const row = table.subarray(phase * taps, (phase + 1) * taps);
    let sum = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = tap - (half - 1) - phase / phases; // in samples, within ±half
      const edge = 1 - (distance * distance) / (half * half);
      row[tap] = edge < 0 ? 0 : sinc(cutoff * distance) * besselI0(beta * Math.sqrt(edge));
      sum += row[tap];
    }
    for (let tap = 0; tap < taps; tap++) row[tap] /= sum;
  }
  return { table, phases, taps };
}
