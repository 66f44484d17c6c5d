// Features of audio as it arrives, with the bits that the whole clip gives.

import type { FeatureMatrix } from "./clip.ts";
import type { Framer, Held } from "./framer.ts";

/** Rows come before the step that needs the whole clip; `FrontEnd.finish` takes that. */
export class FeatureStream {
  private readonly framer: Framer;
  private held: Held = nothing();
  private frames = 0;

  constructor(framer: Framer) {
    this.framer = framer;
  }

  /**
   * Takes further samples, any number of them.
   * @returns the rows that they complete
   * @throws OctavoxError `argument` for samples that are no finite numbers; none of them is taken
   */
  push(samples: Float32Array): FeatureMatrix {
    this.framer.checkSamples(samples);
    const { samples: known, origin, total } = this.held;
    const joined = new Float32Array(known.length + samples.length);
    joined.set(known);
    joined.set(samples, known.length);
    this.held = { samples: joined, origin, total: total + samples.length };
    return this.advance(this.framer.framing.settled(this.held.total));
  }

  /**
   * Ends the clip; what is pushed next begins another.
   * @returns the rows that reach beyond its end
   * @throws OctavoxError `argument` when all that was pushed is too short for a frame
   */
  flush(): FeatureMatrix {
    const { total } = this.held;
    try {
      this.framer.checkLength(total);
      return this.advance(this.framer.framing.framesOf(total));
    } finally {
      this.held = nothing();
      this.frames = 0;
    }
  }

  private advance(to: number): FeatureMatrix {
    const rows = this.framer.rows(this.held, this.frames, to);
    this.frames = Math.max(this.frames, to);
    this.forget();
    return rows;
  }

  /** Keeps what the next frame begins with, and what the clip's end would reflect. */
  private forget(): void {
    const { length, hop, before } = this.framer.framing;
    const { samples, origin, total } = this.held;
    const keepFrom = Math.min(this.frames * hop - before, total - length - 1);
    if (keepFrom > origin) this.held = { samples: samples.slice(keepFrom - origin), origin: keepFrom, total };
  }
}

function nothing(): Held {
  return { samples: new Float32Array(0), origin: 0, total: 0 };
}
