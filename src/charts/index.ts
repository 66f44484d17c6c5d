// Figures as SVG files.

export { type FeaturePicture, featureFigure } from "./features.ts";
export type { QuantizationFiles } from "./quantization.ts";
export { quantizationPage } from "./quantization.ts";
export type { BufferRun, BufferSize } from "./realtime.ts";
export { realtimeFigure } from "./realtime.ts";
export { sineFigure } from "./sine.ts";
export type { Slowdowns, SlowedPoint } from "./slowdown.ts";
