// Points lost against bits: every keyword model a line, the mean of all drawn thick; the article's scheme and the best.

import * as Plot from "@observablehq/plot";
import { type Panel, svgOf } from "../../src/charts/svg.ts";
import { differences, type Rows } from "./page.ts";
import { widths } from "./row.ts";

const LOWEST = -50;
const kinds = [
  { kind: "article", title: "The article's scheme: points of accuracy beside float", colour: "#d1495b" },
  { kind: "best", title: "The best scheme here", colour: "#2e7d6b" },
] as const;

export function figure(rows: Rows): string {
  return svgOf(
    "Points of accuracy lost against bits",
    kinds.map((kind) => panel(rows, kind)),
  );
}

function panel(rows: Rows, { kind, title, colour }: (typeof kinds)[number]): Panel {
  const points = widths.flatMap((bits) =>
    differences(rows, `${kind} ${bits}`).map(({ name, points: lost }) => ({ name, bits: `${bits}`, lost })),
  );
  const means = widths.map((bits) => {
    const own = points.filter((point) => point.bits === `${bits}`);
    return { bits: `${bits}`, lost: own.reduce((sum, { lost }) => sum + lost, 0) / Math.max(1, own.length) };
  });
  return {
    title,
    plot: {
      height: 230,
      marginLeft: 60,
      x: { label: "bits", domain: widths.map(String), type: "point" },
      y: { label: "points", domain: [LOWEST, 2], grid: true },
      marks: [
        Plot.ruleY([0], { stroke: "#c9d1da" }),
        Plot.lineY(points, { x: "bits", y: "lost", z: "name", stroke: "#9aa7b5", strokeWidth: 1 }),
        Plot.dot(points, { x: "bits", y: "lost", r: 2, fill: "#9aa7b5" }),
        Plot.lineY(means, { x: "bits", y: "lost", stroke: colour, strokeWidth: 3 }),
        Plot.dot(means, { x: "bits", y: "lost", r: 4, fill: colour }),
      ],
    },
  };
}
