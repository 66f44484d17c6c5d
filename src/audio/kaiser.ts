// The low-pass filter of the resampler: a sinc under a Kaiser window, tabulated at evenly spaced fractions
// of a sample. Math.sin may differ in its last bit from engine to engine, so sine and Bessel function are
// summed here from + − × ÷ and square roots, which IEEE 754 fixes to the bit: the same table everywhere.

/** 1/(2k+1)! with alternating sign: the Taylor series of sin. Twelve terms reach 1e-17 at π/2. */
const SINE_TERMS = series(12, (term, k) => -term / (2 * k * (2 * k + 1)));

function series(count: number, next: (term: number, k: number) => number): number[] {
  const terms = [1];
  for (let k = 1; k < count; k++) terms.push(next(terms[k - 1], k));
  return terms;
}

/** sin(π·x), exact in its argument: whole numbers give 0. */
export function sinPi(x: number): number {
  const nearest = Math.round(x);
  const angle = (x - nearest) * Math.PI; // within ±π/2, where the series is short
  const square = angle * angle;
  let sum = 0;
  for (let k = SINE_TERMS.length - 1; k >= 0; k--) sum = sum * square + SINE_TERMS[k];
  return nearest % 2 === 0 ? sum * angle : -sum * angle;
}

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
