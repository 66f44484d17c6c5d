// `octavox/features`: the front ends of speech models, from samples to the matrix a model takes.

import { FrontEnd } from "./front-end.ts";
import { plainEngine } from "./plain.ts";
import type { FeatureSpec } from "./preset.ts";
import { resolvePreset } from "./resolve.ts";
import { tablesOf } from "./tables.ts";

export type { FeatureMatrix } from "./clip.ts";
export { bandsFirst } from "./clip.ts";
export type { FeatureKernels, FeatureStream, FrontEnd } from "./front-end.ts";
export type { ClipStep, FeatureOverrides, FeaturePreset, FeatureSpec } from "./preset.ts";
export type { PresetName } from "./presets.ts";
export { presets } from "./presets.ts";

/**
 * A front end in plain code, at once.
 * @throws OctavoxError `not-found` for an unknown preset, `argument` for a value that cannot be
 */
export function features(spec: FeatureSpec): FrontEnd {
  const preset = resolvePreset(spec);
  return new FrontEnd(preset, plainEngine(preset, tablesOf(preset)), "reference");
}
