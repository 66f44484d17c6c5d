// From a preset to its tables of numbers: window, transform, mel filters, DCT. All are computed in double precision
// from operations that are the same on every host, and rounded to float32 once.

import { cosPi, exp, ln } from "../tensor/double.ts";
import { type RealTransform, realTransform } from "./fft.ts";
import type { FeaturePreset, WindowKind } from "./preset.ts";
import type { WeightRow } from "./rows.ts";

export interface Tables {
  /** Values of the window times the scale of the samples. */
  window: Float32Array;
  transform: RealTransform;
  /** Over the bins 0…fft/2. */
  mel: readonly WeightRow[];
  /** Over the bands. */
  dct: readonly WeightRow[] | undefined;
}

export function tablesOf(preset: FeaturePreset): Tables {
  const { window, scale, fft, mel, dct } = preset;
  return {
    window: Float32Array.from(windowValues(window), (value) => value * scale),
    transform: realTransform(fft),
    mel: melFilters(preset),
    dct: dct ? dctRows(mel.bands, dct) : undefined,
  };
}

const windowFormulas: Record<WindowKind, (cosine: number) => number> = {
  hann: (cosine) => 0.5 - 0.5 * cosine,
  hamming: (cosine) => 0.54 - 0.46 * cosine,
  povey: (cosine) => (cosine === 1 ? 0 : exp(0.85 * ln(0.5 - 0.5 * cosine))),
  rectangular: () => 1,
};

export function windowValues({ kind, length, periodic }: FeaturePreset["window"]): Float64Array {
  const period = periodic ? length : length - 1;
  return Float64Array.from({ length }, (_, i) => windowFormulas[kind](cosPi((2 * i) / period)));
}

/** Above `from` Hz Slaney's scale is logarithmic: 27 mel for each factor of 6.4; below, a mel is 200/3 Hz. */
const SLANEY = { from: 1000, mel: 15, perMel: ln(6.4) / 27 };

interface MelScale {
  ofHertz(hertz: number): number;
  toHertz(mel: number): number;
}

const melScales: Record<FeaturePreset["mel"]["scale"], MelScale> = {
  htk: {
    ofHertz: (hertz) => 1127 * ln(1 + hertz / 700),
    toHertz: (mel) => 700 * (exp(mel / 1127) - 1),
  },
  slaney: {
    ofHertz: (hertz) =>
      hertz < SLANEY.from ? (hertz * 3) / 200 : SLANEY.mel + ln(hertz / SLANEY.from) / SLANEY.perMel,
    toHertz: (mel) =>
      mel < SLANEY.mel ? (mel * 200) / 3 : SLANEY.from * exp((mel - SLANEY.mel) * SLANEY.perMel),
  },
};

/** A filter for each band; one narrower than a bin may have no weights. */
export function melFilters({ sampleRate, fft, mel }: FeaturePreset): WeightRow[] {
  const { bands, low, high, triangles, norm } = mel;
  const { ofHertz, toHertz } = melScales[mel.scale];
  const [lowest, highest] = [ofHertz(low), ofHertz(high)];
  /** Corners in mel; band b rises from b to b + 1 and falls to b + 2. */
  const corners = Array.from(
    { length: bands + 2 },
    (_, i) => lowest + ((highest - lowest) * i) / (bands + 1),
  );
  const hertz = corners.map(toHertz);
  const overMel = triangles === "mel";
  const places = overMel ? corners : hertz;
  const bins = Array.from({ length: fft / 2 + 1 }, (_, bin) => {
    const frequency = (bin * sampleRate) / fft;
    return overMel ? ofHertz(frequency) : frequency;
  });
  return Array.from({ length: bands }, (_, band) => {
    const [left, centre, right] = places.slice(band, band + 3);
    const factor = norm === "slaney" ? 2 / (hertz[band + 2] - hertz[band]) : 1;
    const start = bins.findIndex((place) => place > left);
    const end = bins.findLastIndex((place) => place < right) + 1;
    const inside = start < 0 ? [] : bins.slice(start, end);
    const weights = inside.map(
      (place) => factor * Math.min((place - left) / (centre - left), (right - place) / (right - centre)),
    );
    return { start: Math.max(start, 0), weights: Float32Array.from(weights) };
  });
}

function dctRows(bands: number, { count, norm }: NonNullable<FeaturePreset["dct"]>): WeightRow[] {
  return Array.from({ length: count }, (_, i) => {
    const factor = Math.sqrt((norm === "orthonormal" && i === 0 ? 1 : 2) / bands);
    const weight = (_: unknown, j: number) => factor * cosPi((i * (j + 0.5)) / bands);
    return { start: 0, weights: Float32Array.from({ length: bands }, weight) };
  });
}
