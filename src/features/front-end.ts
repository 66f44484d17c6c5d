// A front end ready to run: samples in, features out, for a clip at once or as it arrives.

import { type FeatureMatrix, finishClip } from "./clip.ts";
import { Framer } from "./framer.ts";
import type { FrameEngine } from "./plain.ts";
import type { FeaturePreset } from "./preset.ts";
import { FeatureStream } from "./stream.ts";

/** What computes the rows: SIMD kernels, or plain code with the same results. */
export type FeatureKernels = "simd" | "reference";

export class FrontEnd {
  /** Every number, overrides included. */
  readonly preset: FeaturePreset;
  readonly kernels: FeatureKernels;
  /** Why the plain code runs although kernels were wanted, when that is so. */
  readonly notice: string | undefined;
  private readonly framer: Framer;

  constructor(preset: FeaturePreset, engine: FrameEngine, kernels: FeatureKernels, notice?: string) {
    this.preset = preset;
    this.kernels = kernels;
    this.notice = notice;
    this.framer = new Framer(preset, engine);
  }

  /** Features of a frame. */
  get width(): number {
    return this.framer.width;
  }

  /** Frames of a clip of so many samples; 0 when it is too short. */
  framesOf(samples: number): number {
    return this.framer.framing.framesOf(samples);
  }

  /**
   * The features of a whole clip.
   * @param samples mono at the preset's rate, full scale ±1
   * @throws OctavoxError `argument` for a clip too short for a frame, and for samples that are no finite numbers
   */
  run(samples: Float32Array): FeatureMatrix {
    this.framer.checkSamples(samples);
    const total = samples.length;
    this.framer.checkLength(total);
    return this.finish(this.framer.rows({ samples, origin: 0, total }, 0, this.framesOf(total)));
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
    return new FeatureStream(this.framer);
  }
}
