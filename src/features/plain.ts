// The definition of a row of features, frame by frame in float32: what the SIMD kernels are compared with, and what
// runs where they cannot.

import { log } from "../reference/functions.ts";
import { powerSpectrum } from "./fft.ts";
import type { FeaturePreset } from "./preset.ts";
import { applyRows } from "./rows.ts";
import type { Tables } from "./tables.ts";

const f32 = Math.fround;

/** Computes rows of features, before anything that needs the whole clip. */
export interface FrameEngine {
  /** Rows of `count` frames, `hop` samples apart, the first at `samples[start]`; dense, into `out` from `at` on. */
  run(samples: Float32Array, start: number, count: number, out: Float32Array, at: number): void;
}

/** 1/ln 10: log10 x = ln x · 1/ln 10 */
export const PER_LN_10 = f32(Math.LOG10E);

export function plainEngine(preset: FeaturePreset, tables: Tables): FrameEngine {
  const { hop, fft, spectrum } = preset;
  const { length } = tables.window;
  const [frame, spare] = [new Float32Array(fft), new Float32Array(fft)];
  const bins = new Float32Array(fft / 2 + 1);
  const bands = new Float32Array(preset.mel.bands);
  const width = tables.dct?.length ?? bands.length;
  return {
    run(samples, start, count, out, at) {
      for (let f = 0; f < count; f++) {
        const from = start + f * hop;
        frame.set(samples.subarray(from, from + length));
        weighFrame(preset, tables.window, frame);
        powerSpectrum(tables.transform, frame, spare, bins);
        if (spectrum === "magnitude") for (let k = 0; k < bins.length; k++) bins[k] = Math.sqrt(bins[k]);
        applyRows(tables.mel, bins, bands);
        takeLogarithm(preset.log, bands);
        const row = out.subarray(at + f * width, at + (f + 1) * width);
        if (tables.dct) applyRows(tables.dct, bands, row);
        else row.set(bands);
      }
    },
  };
}

/** Less the mean, pre-emphasis, window, zeros up to the transform's size. */
function weighFrame({ removeMean, preEmphasis }: FeaturePreset, window: Float32Array, x: Float32Array): void {
  const { length } = window;
  if (removeMean) {
    let sum = 0;
    for (let i = 0; i < length; i++) sum = f32(sum + x[i]);
    const mean = f32(sum / length);
    for (let i = 0; i < length; i++) x[i] -= mean;
  }
  if (preEmphasis !== 0) {
    const factor = f32(preEmphasis);
    for (let i = length - 1; i >= 0; i--) x[i] -= f32(factor * x[Math.max(i - 1, 0)]);
  }
  for (let i = 0; i < length; i++) x[i] *= window[i];
  x.fill(0, length);
}

function takeLogarithm({ base, floor, offset }: FeaturePreset["log"], x: Float32Array): void {
  const [least, added] = [f32(floor), f32(offset)];
  for (let i = 0; i < x.length; i++) {
    const value = log(f32(Math.max(x[i], least) + added));
    x[i] = base === "10" ? value * PER_LN_10 : value;
  }
}
