// Cuts what is held of a clip into frames and has their rows computed.

import { checkSamples } from "../audio/check.ts";
import { OctavoxError } from "../errors.ts";
import type { FeatureMatrix } from "./clip.ts";
import { type Framing, framingOf } from "./framing.ts";
import type { FrameEngine } from "./plain.ts";
import type { FeaturePreset } from "./preset.ts";

/** The end of a clip so far: its samples from `origin` to `total`. */
export interface Held {
  samples: Float32Array;
  origin: number;
  total: number;
}

export class Framer {
  readonly framing: Framing;
  /** Features of a frame. */
  readonly width: number;
  private readonly engine: FrameEngine;
  private readonly sampleRate: number;

  constructor(preset: FeaturePreset, engine: FrameEngine) {
    this.engine = engine;
    this.framing = framingOf(preset);
    this.width = preset.dct?.count ?? preset.mel.bands;
    this.sampleRate = preset.sampleRate;
  }

  /** @throws OctavoxError `argument` for samples that are no finite numbers */
  checkSamples(samples: Float32Array): void {
    checkSamples(samples, { sampleRate: this.sampleRate });
  }

  /** @throws OctavoxError `argument` for a clip of so few samples that it has no frame */
  checkLength(total: number): void {
    const { least } = this.framing;
    if (total < least)
      throw new OctavoxError("argument", total === 0 ? "the clip is empty" : "the clip is too short", {
        expected: `${least} samples or more for a frame`,
        found: `${total}`,
        remedy: "Append silence (zeros) up to the length the model expects",
      });
  }

  /** Frames from…to: first those that begin before the clip, then those within, then those that end after it. */
  rows(held: Held, from: number, to: number): FeatureMatrix {
    const { length, hop, before } = this.framing;
    const frames = Math.max(0, to - from);
    const data = new Float32Array(frames * this.width);
    const early = clamp(Math.ceil(before / hop), from, to);
    const late = clamp(Math.floor((held.total + before - length) / hop) + 1, early, to);
    const run = (samples: Float32Array, start: number, first: number, count: number) =>
      this.engine.run(samples, start, count, data, (first - from) * this.width);
    if (early > from) run(this.stretch(held, from, early), 0, from, early - from);
    if (late > early) run(held.samples, early * hop - before - held.origin, early, late - early);
    if (to > late) run(this.stretch(held, late, to), 0, late, to - late);
    return { data, frames, width: this.width };
  }

  /** A copy of the samples of frames from…to, with what stands beyond the clip's ends. */
  private stretch({ samples, origin, total }: Held, from: number, to: number): Float32Array {
    const { length, hop, before, sampleAt } = this.framing;
    const start = from * hop - before;
    return Float32Array.from(
      { length: (to - from - 1) * hop + length },
      (_, i) => samples[sampleAt(start + i, total) - origin],
    );
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
