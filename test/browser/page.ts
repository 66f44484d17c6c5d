// What the page of the browser test runs: the run-time's bundle, on a model that it fetches.

import { bitsOf } from "./bits.ts";
import { featureBits } from "./features.ts";

async function fetchBytes(path: string): Promise<ArrayBuffer> {
  return (await fetch(path)).arrayBuffer();
}

Object.assign(globalThis, {
  featureBits,
  async bitsOfCase(index: number, options: Parameters<typeof bitsOf>[2]) {
    const [model, samples] = await Promise.all([`/model/${index}`, `/samples/${index}`].map(fetchBytes));
    return bitsOf(new Uint8Array(model), new Float32Array(samples), options);
  },
});
