// What is left of a model's answers on every number of bits, and what its weights weigh then.

import * as Plot from "@observablehq/plot";
import type { SweepPoint } from "../quantize/sweep.ts";
import { colours, figure, type Section } from "./page.ts";

const WIDTH = 1040;
const lines = { weights: colours.weights, "weights and activations": colours.output } as const;

/** Answers against bits, and against size; nothing without points. */
export function bitsSections(points: readonly SweepPoint[]): Section[] {
  if (points.length === 0) return [];
  const counted = points.every(({ agreement }) => agreement.disagreement !== null);
  const value = ({ agreement }: SweepPoint): number =>
    counted ? 100 - agreement.disagreement! : agreement.sqnr;
  const y = {
    label: counted ? "↑ answers as in float, %" : "↑ output, dB above its error",
    grid: true,
    nice: true,
  };
  const drawn = (x: Plot.ScaleOptions, at: (point: SweepPoint) => number): string =>
    figure({
      ...{ width: WIDTH, height: 320, marginLeft: 60, marginRight: 30, marginBottom: 44 },
      x: { grid: true, ...x },
      y,
      color: { legend: true, domain: Object.keys(lines), range: Object.values(lines) },
      marks: [
        Plot.line(points, { x: at, y: value, stroke: "what", strokeWidth: 2 }),
        Plot.dot(points, {
          ...{ x: at, y: value, fill: "what", r: 4 },
          title: (point: SweepPoint) =>
            `${point.scheme}\n${value(point).toFixed(1)}${counted ? " %" : " dB"}, ${(point.bytes / 1000).toFixed(1)} kB`,
        }),
      ],
    });
  return [
    {
      title: "Answers against bits",
      about:
        "The same model with this method on 2 to 16 bits, compared with its float form on the calibration clips.",
      body: drawn({ label: "bits →", ticks: points.length / 2, tickFormat: "d" }, ({ bits }) => bits),
    },
    {
      title: "Answers against size",
      about: "The same points by the bytes of weights and scales.",
      body: drawn({ label: "bytes of weights →", tickFormat: "~s" }, ({ bytes }) => bytes),
    },
  ];
}
