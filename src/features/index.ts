// `octavox/features`: the front ends of speech models, from samples to the matrix a model takes.

export type { FeatureMatrix } from "./clip.ts";
export { bandsFirst } from "./clip.ts";
export type { FeatureKernels, FrontEnd } from "./front-end.ts";
export type { LoadFeaturesOptions } from "./load.ts";
export { features, loadFeatures } from "./load.ts";
export type { ClipStep, FeatureOverrides, FeaturePreset, FeatureSpec } from "./preset.ts";
export type { PresetName } from "./presets.ts";
export { presets } from "./presets.ts";
export type { FeatureStream } from "./stream.ts";
