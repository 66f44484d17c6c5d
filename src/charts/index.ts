// Figures as SVG files.

export { sineFigure } from "./sine.ts";
