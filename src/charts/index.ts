// Figures as SVG files.

export { type FeaturePicture, featureFigure } from "./features.ts";
export { sineFigure } from "./sine.ts";
