// The ladder's picture: a bar a step, on a logarithmic scale, below the limits.

import { svgOf } from "../../src/charts/svg.ts";
import type { LadderRow } from "../parts/ladder.ts";
import { bars, colours, limitLines } from "./bars.ts";

export function ladderFigure(rows: readonly LadderRow[]): string {
  const { narrow, wide } = rows[0].limits;
  const steps = rows.map(({ title, gops }, i) => ({
    label: `${i + 1}  ${title}`,
    value: gops,
    fill: i < 5 ? colours.other : colours.own,
    text: gops.toFixed(gops < 10 ? 1 : 0),
  }));
  const limits = limitLines([
    { at: narrow, name: "128" },
    { at: wide, name: "256 bits" },
  ]);
  const scale = { type: "log", domain: [1, 600], ticks: 4, tickFormat: String } as const;
  const plot = bars(steps, { ...scale, label: "GOPS, one thread →" }, 1);
  const marks = [...plot.marks!, ...limits];
  return svgOf("From three loops to the limit", [
    { title: "from three loops to the limit", plot: { ...plot, marks } },
  ]);
}
