// The founding article's figures: a sine curve, what is left of it after a few bits, and the error.

import * as Plot from "@observablehq/plot";
import { quantizeList, revertList } from "../quantize/list.ts";
import { type Panel, svgOf } from "./svg.ts";

const POINTS = 400;
const colours = { original: "#9aa7b5", reverted: "#d1495b", error: "#2e7d6b" };

/** @param bits a pair of panels for each: the curves, and the error in steps below */
export function sineFigure(bits: readonly number[]): string {
  return svgOf(`A sine curve through ${bits.join(", ")} bits`, bits.flatMap(panelsFor));
}

function panelsFor(bits: number): Panel[] {
  const x = Float64Array.from({ length: POINTS }, (_, i) => (2 * Math.PI * i) / (POINTS - 1));
  const original = x.map(Math.sin);
  const quantized = quantizeList(original, bits);
  const reverted = revertList(quantized);
  const error = reverted.map((value, i) => value - original[i]);
  const points = Array.from(x, (at, i) => ({
    x: at,
    original: original[i],
    reverted: reverted[i],
    error: error[i],
  }));
  const signal = 10 * Math.log10(power(original) / power(error));
  const step = 1 / quantized.Q;
  return [
    {
      title: `${bits} bits: ${2 ** bits} values, signal ${signal.toFixed(1)} dB above the error`,
      plot: {
        height: 240,
        marginLeft: 60,
        x: { label: null },
        y: { label: "sin x", domain: [-1.1, 1.1], grid: true },
        marks: [
          Plot.ruleY([0], { stroke: "#c9d1da" }),
          Plot.lineY(points, { x: "x", y: "original", stroke: colours.original, strokeWidth: 3.5 }),
          Plot.lineY(points, {
            x: "x",
            y: "reverted",
            stroke: colours.reverted,
            curve: "step",
            strokeWidth: 1.4,
          }),
          Plot.text(["original"], {
            x: 2.7,
            y: 0.85,
            fill: colours.original,
            textAnchor: "start",
            fontWeight: 600,
          }),
          Plot.text(["quantized and reverted"], {
            x: 2.7,
            y: 0.62,
            fill: colours.reverted,
            textAnchor: "start",
            fontWeight: 600,
          }),
        ],
      },
    },
    {
      title: `error, at most half a step of ${step.toPrecision(2)}`,
      plot: {
        height: 110,
        marginLeft: 60,
        x: { label: "x" },
        y: { label: "error", domain: [-0.6 * step, 0.6 * step], ticks: 3, grid: true },
        marks: [
          Plot.ruleY([0], { stroke: "#c9d1da" }),
          Plot.lineY(points, { x: "x", y: "error", stroke: colours.error, strokeWidth: 1.2 }),
        ],
      },
    },
  ];
}

function power(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value * value, 0) / values.length;
}
