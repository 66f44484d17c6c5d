// A stream cut into overlapping windows, each as long as a model hears at once, as features. Where frames lie inside
// the audio, windows share their rows and each row is computed once; where what stands beyond a clip's edges is part
// of its features (a reflection, say), each window is a clip of its own.

import type { FeatureMatrix, FrontEnd } from "../features/index.ts";

export interface FeatureWindow {
  features: FeatureMatrix;
  /** Samples of the stream up to the window's end. */
  end: number;
}

export interface Windows {
  /** Samples from one window to the next. */
  readonly hop: number;
  /** Takes further samples, any number of them, and gives the windows they complete. */
  push(samples: Float32Array): FeatureWindow[];
}

/**
 * Windows of one stream.
 * @param length samples of a window
 * @param hop samples between windows, at most `length`; where rows are shared, the nearest number of whole frames
 */
export function windowsOf(frontEnd: FrontEnd, length: number, hop: number): Windows {
  const { edges, dropLast } = frontEnd.preset;
  return edges === "inside" && !dropLast
    ? sharedRows(frontEnd, length, hop)
    : ownClips(frontEnd, length, Math.max(1, Math.round(hop)));
}

function sharedRows(frontEnd: FrontEnd, length: number, hop: number): Windows {
  const { width, preset } = frontEnd;
  const frames = frontEnd.framesOf(length);
  const hopFrames = Math.min(frames, Math.max(1, Math.round(hop / preset.hop)));
  const ends = counting((frames - 1) * preset.hop + preset.window.length, hopFrames * preset.hop);
  const rows = new Overlap(frames * width, hopFrames * width);
  const stream = frontEnd.stream();
  return {
    hop: hopFrames * preset.hop,
    push: (samples) =>
      rows.push(stream.push(samples).data).map((data) => ({
        features: frontEnd.finish({ data, frames, width }),
        end: ends(),
      })),
  };
}

function ownClips(frontEnd: FrontEnd, length: number, hop: number): Windows {
  const ends = counting(length, hop);
  const clips = new Overlap(length, hop);
  return {
    hop,
    push: (samples) => clips.push(samples).map((clip) => ({ features: frontEnd.run(clip), end: ends() })),
  };
}

/** first, first + step, first + 2·step … */
function counting(first: number, step: number): () => number {
  let next = first - step;
  return () => {
    next += step;
    return next;
  };
}

/** Values as they come → windows of `size` of them, one every `step` ≤ size. */
class Overlap {
  private readonly size: number;
  private readonly step: number;
  private held = new Float32Array(0);

  constructor(size: number, step: number) {
    this.size = size;
    this.step = step;
  }

  push(values: Float32Array): Float32Array[] {
    const all = new Float32Array(this.held.length + values.length);
    all.set(this.held);
    all.set(values, this.held.length);
    const windows: Float32Array[] = [];
    let at = 0;
    for (; at + this.size <= all.length; at += this.step) windows.push(all.slice(at, at + this.size));
    this.held = all.slice(at);
    return windows;
  }
}
