// octavox in the comparison: the recogniser as users call it. Its two parts are timed from outside.

import { InferenceSession, type KernelChoice, type Recognizer } from "../../src/index.ts";
import type { Engine } from "./engine.ts";

/** @param load how the recogniser is made where this runs, from the packed file's path or address */
export function octavox(kernels: KernelChoice, load: (ovx: string) => Promise<Recognizer>): Engine {
  let recognizer: Recognizer;
  const spent = { encoder: 0, decoder: 0, steps: 0 };
  const run = InferenceSession.prototype.run;
  InferenceSession.prototype.run = async function (feeds, options) {
    const started = performance.now();
    const result = await run.call(this, feeds, options);
    const encoder = options?.graph === "encoder";
    spent[encoder ? "encoder" : "decoder"] += performance.now() - started;
    if (!encoder) spent.steps++;
    return result;
  };
  return {
    async load({ ovx }) {
      recognizer = await load(ovx);
      if (recognizer.kernels !== kernels) throw new Error(`${kernels}: ${recognizer.notice}`);
    },
    async transcribe(samples) {
      Object.assign(spent, { encoder: 0, decoder: 0, steps: 0 });
      const { text, processingSeconds } = await recognizer.transcribe(samples);
      const { encoder: encoderMs, decoder: decoderMs, steps } = spent;
      return { text, totalMs: processingSeconds * 1000, encoderMs, decoderMs, steps };
    },
  };
}
