// A front end ready to run: samples in, features out, for a clip at once or as it arrives.

import { checkSamples } from "../audio/check.ts";
import { OctavoxError } from "../errors.ts";
import { type FeatureMatrix, finishClip } from "./clip.ts";
import { type Framing, framingOf } from "./framing.ts";
import type { FrameEngine } from "./plain.ts";
import type { FeaturePreset } from "./preset.ts";

/** What computes the rows: SIMD kernels, or plain code with the same results. */
export type FeatureKernels = "simd" | "reference";

export class FrontEnd {
  /** Every number, overrides included. */
  readonly preset: FeaturePreset;
  readonly kernels: FeatureKernels;
  /** Why the plain code runs although kernels were wanted, when that is so. */
  readonly notice: string | undefined;
  /** Features of a frame. */
  readonly width: number;
  private readonly framing: Framing;
  private readonly engine: FrameEngine;

  constructor(preset: FeaturePreset, engine: FrameEngine, kernels: FeatureKernels, notice?: string) {
    this.preset = preset;
    this.engine = engine;
    this.kernels = kernels;
    this.notice = notice;
    this.width = preset.dct?.count ?? preset.mel.bands;
    this.framing = framingOf(preset);
  }

  /** Frames of a clip of so many samples; 0 when it is too short. */
  framesOf(samples: number): number {
    return this.framing.framesOf(samples);
  }

  /**
   * The features of a whole clip.
   * @param samples mono at the preset's rate, full scale ±1
   * @throws OctavoxError `argument` for a clip too short for a frame, and for samples that are no finite numbers
   */
  run(samples: Float32Array): FeatureMatrix {
    checkSamples(samples, this.preset);
    this.checkLength(samples.length);
    const held = { samples, origin: 0, total: samples.length };
    return this.finish(this.rows(held, 0, this.framesOf(samples.length)));
  }

  /**
   * The step that needs the whole clip (`preset.clip`), for rows that a stream gave: of the clip, or of the stretch
   * of it that a model hears. What has no such step is returned as it is.
   */
  finish({ data, frames, width }: FeatureMatrix): FeatureMatrix {
    return { data: finishClip(this.preset.clip, data), frames, width };
  }

  /** For audio as it arrives. Streams of one front end are independent of each other. */
  stream(): FeatureStream {
    return new FeatureStream(this.framing, {
      check: (samples) => checkSamples(samples, this.preset),
      checkLength: (total) => this.checkLength(total),
      rows: (held, from, to) => this.rows(held, from, to),
    });
  }

  /** Frames from…to. Those that reach beyond the clip's ends are computed from a copy of what stands there. */
  private rows(held: Held, from: number, to: number): FeatureMatrix {
    const { length, hop, before, sampleAt } = this.framing;
    const frames = Math.max(0, to - from);
    const data = new Float32Array(frames * this.width);
    const early = clamp(Math.ceil(before / hop), from, to);
    const late = clamp(Math.floor((held.total + before - length) / hop) + 1, early, to);
    const run = (first: number, end: number, copied: boolean) => {
      if (first >= end) return;
      const start = first * hop - before;
      const at = (first - from) * this.width;
      if (!copied) return this.engine.run(held.samples, start - held.origin, end - first, data, at);
      const copy = Float32Array.from(
        { length: (end - first - 1) * hop + length },
        (_, i) => held.samples[sampleAt(start + i, held.total) - held.origin],
      );
      this.engine.run(copy, 0, end - first, data, at);
    };
    run(from, early, true);
    run(early, late, false);
    run(late, to, true);
    return { data, frames, width: this.width };
  }

  private checkLength(total: number): void {
    const { least } = this.framing;
    if (total < least)
      throw new OctavoxError("argument", total === 0 ? "the clip is empty" : "the clip is too short", {
        expected: `${least} samples or more for a frame`,
        found: `${total}`,
        remedy: "Append silence (zeros) up to the length the model expects",
      });
  }
}

/** The end of a clip so far: its samples from `origin` to `total`. */
interface Held {
  samples: Float32Array;
  origin: number;
  total: number;
}

interface StreamWork {
  check(samples: Float32Array): void;
  checkLength(total: number): void;
  rows(held: Held, from: number, to: number): FeatureMatrix;
}

/**
 * Features of audio as it arrives, with the bits that the whole clip gives. Rows come before the step that needs the
 * whole clip; `FrontEnd.finish` takes that.
 */
export class FeatureStream {
  private readonly framing: Framing;
  private readonly work: StreamWork;
  private held: Held = { samples: new Float32Array(0), origin: 0, total: 0 };
  private frames = 0;

  constructor(framing: Framing, work: StreamWork) {
    this.framing = framing;
    this.work = work;
  }

  /**
   * Takes further samples, any number of them.
   * @returns the rows that they complete
   */
  push(samples: Float32Array): FeatureMatrix {
    this.work.check(samples);
    const { origin, total } = this.held;
    const joined = new Float32Array(this.held.samples.length + samples.length);
    joined.set(this.held.samples);
    joined.set(samples, this.held.samples.length);
    this.held = { samples: joined, origin, total: total + samples.length };
    return this.advance(this.framing.settled(this.held.total));
  }

  /**
   * Ends the clip; what is pushed next begins another.
   * @returns the rows that reach beyond its end
   * @throws OctavoxError `argument` when all that was pushed is too short for a frame
   */
  flush(): FeatureMatrix {
    const { total } = this.held;
    try {
      this.work.checkLength(total);
      return this.advance(this.framing.framesOf(total));
    } finally {
      this.held = { samples: new Float32Array(0), origin: 0, total: 0 };
      this.frames = 0;
    }
  }

  private advance(to: number): FeatureMatrix {
    const rows = this.work.rows(this.held, this.frames, to);
    this.frames = Math.max(this.frames, to);
    this.forget();
    return rows;
  }

  /** Keeps what the next frame begins with, and what the clip's end would reflect. */
  private forget(): void {
    const { length, hop, before } = this.framing;
    const { samples, origin, total } = this.held;
    const keepFrom = Math.min(this.frames * hop - before, total - length - 1);
    if (keepFrom > origin) this.held = { samples: samples.slice(keepFrom - origin), origin: keepFrom, total };
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
