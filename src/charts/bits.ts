// What is left of a model's answers on every number of bits, and what its weights weigh then.

import * as Plot from "@observablehq/plot";
import type { Evaluation } from "../quantize/report.ts";
import type { SweepPoint } from "../quantize/sweep.ts";
import { colours, figure, type Section } from "./page.ts";

const WIDTH = 1040;
const lines = { weights: colours.weights, "weights and activations": colours.output } as const;

/** What is drawn: accuracy where it is known, else how many answers are as in float, else signal to noise. */
interface Measure {
  of(point: SweepPoint): number;
  label: string;
  unit: string;
  title: string;
  compared: string;
}

function measureOf(points: readonly SweepPoint[], dataset: string | undefined): Measure {
  if (points.every(({ accuracy }) => accuracy !== undefined))
    return {
      ...{ of: ({ accuracy }) => accuracy!, label: "↑ accuracy, %", unit: " %", title: "Accuracy" },
      compared: `judged by the recordings of ${dataset ?? "a labelled set"}; the dashed line is the float model`,
    };
  const compared = "compared with its float form on the calibration clips";
  if (points.every(({ agreement }) => agreement.disagreement !== null))
    return {
      ...{ of: ({ agreement }) => 100 - agreement.disagreement!, label: "↑ answers as in float, %" },
      ...{ unit: " %", title: "Answers", compared },
    };
  return {
    ...{ of: ({ agreement }) => agreement.sqnr, label: "↑ output, dB above its error" },
    ...{ unit: " dB", title: "Answers", compared },
  };
}

/** Accuracy (or answers) against bits, and against size; nothing without points. */
export function bitsSections(
  points: readonly SweepPoint[],
  { dataset, float }: Partial<Pick<Evaluation, "dataset" | "float">> = {},
): Section[] {
  if (points.length === 0) return [];
  const { of: value, label, unit, title, compared } = measureOf(points, dataset);
  const y = {
    label,
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
        Plot.ruleY(float ? [float.value] : [], { stroke: colours.muted, strokeDasharray: "4 4" }),
        Plot.line(points, { x: at, y: value, stroke: "what", strokeWidth: 2 }),
        Plot.dot(points, {
          ...{ x: at, y: value, fill: "what", r: 4 },
          title: (point: SweepPoint) =>
            `${point.scheme}\n${value(point).toFixed(1)}${unit}, ${(point.bytes / 1000).toFixed(1)} kB`,
        }),
      ],
    });
  return [
    {
      title: `${title} against bits`,
      about: `The same model with this method on 2 to 16 bits, ${compared}.`,
      body: drawn({ label: "bits →", ticks: points.length / 2, tickFormat: "d" }, ({ bits }) => bits),
    },
    {
      title: `${title} against size`,
      about: "The same points by the bytes of weights and scales.",
      body: drawn({ label: "bytes of weights →", tickFormat: "~s" }, ({ bytes }) => bytes),
    },
  ];
}
