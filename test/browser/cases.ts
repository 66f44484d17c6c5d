// What is compared bit for bit: a small model that is always there, and the real one where its file is in the cache.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { modelPath } from "../../src/host/index.ts";
import { decodeAudio, toMono16k } from "../../src/index.ts";
import { writeOvx } from "../../src/model/ovx.ts";
import { noise, smallModel } from "../../src/runtime/testing.ts";

export interface BitsCase {
  name: string;
  /** Why it cannot run here. */
  skip?: string;
  load(): Promise<{ model: Uint8Array; samples: Float32Array }>;
  startToken: number;
  steps: number;
}

const MODEL = "moonshine-tiny";
const path = modelPath(MODEL);

export const cases: readonly BitsCase[] = [
  {
    name: "a small model",
    load: async () => ({ model: writeOvx(smallModel()), samples: noise(4000) }),
    startToken: 1,
    steps: 70,
  },
  {
    name: MODEL,
    ...(!existsSync(path) && { skip: `not in the cache; \`octavox models pull ${MODEL}\` gets it` }),
    async load() {
      const clip = await decodeAudio(readFileSync(join(import.meta.dirname, "../../samples/ship.wav")));
      // Six tenths of a second: the reference takes its time.
      return { model: readFileSync(path), samples: toMono16k(clip).slice(8000, 17_600) };
    },
    startToken: 1,
    steps: 3,
  },
];
