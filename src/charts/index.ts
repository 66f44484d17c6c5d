// Figures as SVG files.

export { type FeaturePicture, featureFigure } from "./features.ts";
export type { QuantizationFiles } from "./quantization.ts";
export { quantizationPage } from "./quantization.ts";
export { sineFigure } from "./sine.ts";
