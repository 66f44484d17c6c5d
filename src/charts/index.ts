// Figures as SVG files.

export type { BufferRun, BufferSize } from "./buffer.ts";
export { bufferFigure } from "./buffer.ts";
export { type FeaturePicture, featureFigure } from "./features.ts";
export type { QuantizationFiles } from "./quantization.ts";
export { quantizationPage } from "./quantization.ts";
export { sineFigure } from "./sine.ts";
