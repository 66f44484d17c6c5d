// The features of a fixed piece of noise, boiled down to one hash for each preset. The same code runs in Node and in
// the page.

import { type FeatureKernels, loadFeatures, presets } from "../../src/features/index.ts";
import { sha256 } from "./bits.ts";

/** Preset → the kernels that ran, and a hash of every bit of their result. */
export type FeatureBits = Record<string, { kernels: FeatureKernels; hash: string }>;

export async function featureBits(kernels: FeatureKernels): Promise<FeatureBits> {
  let state = 1;
  const next = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0) / 2 ** 31;
  const noise = Float32Array.from({ length: 16_000 }, next);
  const found: FeatureBits = {};
  for (const preset of Object.keys(presets)) {
    const frontEnd = await loadFeatures({ preset }, { kernels });
    const { data } = frontEnd.run(noise);
    found[preset] = { kernels: frontEnd.kernels, hash: (await sha256([data])).slice(0, 16) };
  }
  return found;
}
