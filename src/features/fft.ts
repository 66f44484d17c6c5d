// The Fourier transform of a frame, in float32: the definition, which `src/kernels/fft.ts` equals bit for bit. A
// frame of N real samples is read as N/2 complex ones, transformed in stages of 4, 2, 3 and 5 (Stockham's order,
// which needs no reordering at the end), and taken apart into the spectrum of the real frame.
//
// Every sum and product is rounded to float32 once, in the order written here. Against the exact spectrum the
// error of a bin is about 1e-7 of the largest one.

import { cosPi, sinPi } from "../tensor/double.ts";
import { FIFTHS, RADICES, type Radix, SIN_THIRD } from "../tensor/fourier.ts";

const f32 = Math.fround;

/**
 * A stage of radix r cuts each of `repeat` interleaved transforms into r of `length` values:
 * y[q + repeat·(r·p + k)] = w(p, k)·Σj x[q + repeat·(p + length·j)]·e^(−2πi·jk/r), p < length, q < repeat.
 */
export interface Stage {
  radix: Radix;
  length: number;
  repeat: number;
  /** w(p, k) = e^(−2πi·pk/(r·length)) as cosine and −sine; for p from 1, k from 1. For p = 0 it is 1, and left out. */
  twiddles: Float32Array;
}

export interface RealTransform {
  /** N */
  size: number;
  stages: readonly Stage[];
  /** e^(−2πi·k/N) for k = 0…⌊N/4⌋ */
  twiddles: Float32Array;
}

/** Whether there are stages for a real transform of this size. */
export function isTransformSize(size: number): boolean {
  if (size % 2 !== 0) return false;
  let rest = size / 2;
  for (const radix of RADICES) while (rest % radix === 0) rest /= radix;
  return rest === 1;
}

/** @param size for which `isTransformSize` holds */
export function realTransform(size: number): RealTransform {
  const stages: Stage[] = [];
  let [rest, repeat] = [size / 2, 1];
  for (const radix of RADICES)
    for (; rest % radix === 0; repeat *= radix) {
      const whole = rest;
      rest /= radix;
      const turns = Array.from({ length: rest - 1 }, (_, p) =>
        Array.from({ length: radix - 1 }, (_, k) => turn((p + 1) * (k + 1), whole)),
      );
      stages.push({ radix, length: rest, repeat, twiddles: Float32Array.from(turns.flat(2)) });
    }
  const turns = Array.from({ length: Math.floor(size / 4) + 1 }, (_, k) => turn(k, size));
  return { size, stages, twiddles: Float32Array.from(turns.flat()) };
}

/** e^(−2πi·k/n) */
function turn(k: number, n: number): [re: number, im: number] {
  return [cosPi((2 * k) / n), -sinPi((2 * k) / n)];
}

/** Replaces as many complex values as the radix, real and imaginary parts in turn, by their transform. */
type Butterfly = (a: Float32Array) => void;

/** Sets b[j] and b[k] to u − iv and u + iv. */
function part(a: Float32Array, j: number, k: number, ur: number, ui: number, vr: number, vi: number): void {
  a[2 * j] = ur + vi;
  a[2 * j + 1] = ui - vr;
  a[2 * k] = ur - vi;
  a[2 * k + 1] = ui + vr;
}

/** Sums are rounded by the array that takes them, or by f32. */
const butterflies: Record<Radix, Butterfly> = {
  2(a) {
    const { 0: r0, 1: i0, 2: r1, 3: i1 } = a;
    a[0] = r0 + r1;
    a[1] = i0 + i1;
    a[2] = r0 - r1;
    a[3] = i0 - i1;
  },
  3(a) {
    const { 0: r0, 1: i0, 2: r1, 3: i1, 4: r2, 5: i2 } = a;
    const [tr, ti] = [f32(r1 + r2), f32(i1 + i2)];
    const [ur, ui] = [f32(r0 - f32(0.5 * tr)), f32(i0 - f32(0.5 * ti))];
    const [vr, vi] = [f32(SIN_THIRD * f32(r1 - r2)), f32(SIN_THIRD * f32(i1 - i2))];
    a[0] = r0 + tr;
    a[1] = i0 + ti;
    part(a, 1, 2, ur, ui, vr, vi);
  },
  4(a) {
    const { 0: r0, 1: i0, 2: r1, 3: i1, 4: r2, 5: i2, 6: r3, 7: i3 } = a;
    const [sr, si, tr, ti] = [f32(r0 + r2), f32(i0 + i2), f32(r1 + r3), f32(i1 + i3)];
    const [ur, ui, vr, vi] = [f32(r0 - r2), f32(i0 - i2), f32(r1 - r3), f32(i1 - i3)];
    a[0] = sr + tr;
    a[1] = si + ti;
    a[4] = sr - tr;
    a[5] = si - ti;
    part(a, 1, 3, ur, ui, vr, vi);
  },
  5(a) {
    const { 0: r0, 1: i0, 2: r1, 3: i1, 4: r2, 5: i2, 6: r3, 7: i3, 8: r4, 9: i4 } = a;
    const [c1, s1, c2, s2] = FIFTHS;
    const [pr, pi, qr, qi] = [f32(r1 + r4), f32(i1 + i4), f32(r2 + r3), f32(i2 + i3)];
    const [dr, di, er, ei] = [f32(r1 - r4), f32(i1 - i4), f32(r2 - r3), f32(i2 - i3)];
    const weigh = (x: number, p: number, q: number, c: number, d: number) =>
      f32(f32(x + f32(c * p)) + f32(d * q));
    const [ur, ui] = [weigh(r0, pr, qr, c1, c2), weigh(i0, pi, qi, c1, c2)];
    const [wr, wi] = [weigh(r0, pr, qr, c2, c1), weigh(i0, pi, qi, c2, c1)];
    const [vr, vi] = [f32(f32(s1 * dr) + f32(s2 * er)), f32(f32(s1 * di) + f32(s2 * ei))];
    const [xr, xi] = [f32(f32(s2 * dr) - f32(s1 * er)), f32(f32(s2 * di) - f32(s1 * ei))];
    a[0] = f32(r0 + pr) + qr;
    a[1] = f32(i0 + pi) + qi;
    part(a, 1, 4, ur, ui, vr, vi);
    part(a, 2, 3, wr, wi, xr, xi);
  },
};

/** One stage from x to y, both [N/2] complex. */
export function runStage({ radix, length, repeat, twiddles }: Stage, x: Float32Array, y: Float32Array): void {
  const a = new Float32Array(2 * radix);
  const butterfly = butterflies[radix];
  for (let p = 0; p < length; p++)
    for (let q = 0; q < repeat; q++) {
      for (let j = 0; j < radix; j++) {
        const from = 2 * (q + repeat * (p + length * j));
        a[2 * j] = x[from];
        a[2 * j + 1] = x[from + 1];
      }
      butterfly(a);
      for (let k = 0; k < radix; k++) {
        const to = 2 * (q + repeat * (radix * p + k));
        const re = a[2 * k];
        const im = a[2 * k + 1];
        if (p === 0 || k === 0) {
          y[to] = re;
          y[to + 1] = im;
          continue;
        }
        const w = 2 * ((p - 1) * (radix - 1) + k - 1);
        const wr = twiddles[w];
        const wi = twiddles[w + 1];
        y[to] = f32(re * wr) - f32(im * wi);
        y[to + 1] = f32(re * wi) + f32(im * wr);
      }
    }
}

/**
 * The power spectrum of N real samples: |X[k]|² for k = 0…N/2. With Z the complex transform of the pairs,
 * E = (Z[k] + Z̄[N/2−k])/2 and D = (Z[k] − Z̄[N/2−k])/2, X[k] = E − i·w·D and X̄[N/2−k] = E + i·w·D.
 * @param samples N values; overwritten
 * @param spare as many; overwritten
 */
export function powerSpectrum(
  { size, stages, twiddles }: RealTransform,
  samples: Float32Array,
  spare: Float32Array,
  power: Float32Array,
): void {
  let [z, other] = [samples, spare];
  for (const stage of stages) {
    runStage(stage, z, other);
    [z, other] = [other, z];
  }
  const half = size / 2;
  for (let k = 0; 2 * k <= half; k++) {
    const mate = k === 0 ? 0 : half - k;
    const ar = z[2 * k];
    const ai = z[2 * k + 1];
    const br = z[2 * mate];
    const bi = z[2 * mate + 1];
    const wr = twiddles[2 * k];
    const wi = twiddles[2 * k + 1];
    const er = f32(0.5 * f32(ar + br));
    const ei = f32(0.5 * f32(ai - bi));
    const dr = f32(0.5 * f32(ar - br));
    const di = f32(0.5 * f32(ai + bi));
    const tr = f32(f32(wr * di) + f32(wi * dr));
    const ti = f32(f32(wi * di) - f32(wr * dr));
    power[half - k] = squared(f32(er - tr), f32(ei - ti));
    power[k] = squared(f32(er + tr), f32(ei + ti));
  }
}

/** re² + im² */
function squared(re: number, im: number): number {
  return f32(f32(re * re) + f32(im * im));
}
