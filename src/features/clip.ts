// The last step of a front end, for which the whole clip must be known. In double precision and in the order of the
// values, rounded to float32 at the end.

import type { ClipStep } from "./preset.ts";

/** Features of a stretch of audio. */
export interface FeatureMatrix {
  /** [frames, width], row-major. */
  data: Float32Array;
  frames: number;
  width: number;
}

/** The values after the clip's step, as a new array; the same array where there is none. */
export function finishClip(step: ClipStep, x: Float32Array): Float32Array {
  switch (step.step) {
    case "none":
      return x;
    case "z-score": {
      const mean = sum(x, (value) => value) / x.length;
      const squares = sum(x, (value) => (value - mean) * (value - mean));
      const deviation = Math.max(Math.sqrt(squares / Math.max(x.length - 1, 1)), step.leastDeviation);
      return each(x, (value) => (value - mean) / deviation);
    }
    case "peak-range": {
      let peak = -Infinity;
      for (let i = 0; i < x.length; i++) peak = Math.max(peak, x[i]);
      const least = peak - step.range;
      return each(x, (value) => (Math.max(value, least) + step.add) / step.divide);
    }
  }
}

function sum(x: Float32Array, term: (value: number) => number): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += term(x[i]);
  return total;
}

/** As `x.map` does, several times faster. */
function each(x: Float32Array, formula: (value: number) => number): Float32Array {
  const y = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) y[i] = formula(x[i]);
  return y;
}

/** [frames, width] → [width, frames]: models that are images of time take bands first. */
export function bandsFirst({ data, frames, width }: FeatureMatrix): Float32Array {
  const turned = new Float32Array(data.length);
  for (let f = 0; f < frames; f++)
    for (let band = 0; band < width; band++) turned[band * frames + f] = data[f * width + band];
  return turned;
}
