// What the bench's charts share: colours by engine, and bars with their values.

import * as Plot from "@observablehq/plot";

export const colours = {
  own: "#d1495b",
  ownLight: "#e79aa5",
  other: "#5b7a9d",
  otherLight: "#a9b9ca",
  limit: "#2e7d6b",
  faint: "#c9d1da",
  text: "#1d2733",
};

/** Height of a bar's row, in pixels. */
export const ROW = 26;

export function colourOf(engine: string): string {
  return engine.startsWith("octavox") ? colours.own : colours.other;
}

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly fill: string;
  /** What stands behind the bar. */
  readonly text: string;
}

/** Horizontal bars in the order given. */
export function bars(all: readonly Bar[], x: Plot.ScaleOptions, from = 0): Plot.PlotOptions {
  return {
    height: all.length * ROW + 66,
    marginTop: 22,
    marginBottom: 44,
    marginLeft: 190,
    marginRight: 90,
    x: { ...x, grid: true },
    y: { domain: all.map(({ label }) => label), label: null, tickSize: 0 },
    marks: [
      Plot.barX(all, { y: "label", x1: from, x2: "value", fill: "fill", insetTop: 3, insetBottom: 3 }),
      Plot.text(all, {
        y: "label",
        x: "value",
        text: "text",
        dx: 6,
        textAnchor: "start",
        fill: colours.text,
      }),
    ],
  };
}

/** Upright lines with a name above. */
export function limitLines(limits: readonly { at: number | undefined; name: string }[]): Plot.Markish[] {
  const known = limits.filter(({ at }) => at !== undefined);
  const above = { frameAnchor: "top", lineAnchor: "bottom", dy: -6, fill: colours.limit } as const;
  return [
    Plot.ruleX(known, { x: "at", stroke: colours.limit, strokeDasharray: "4 3" }),
    Plot.text(known, { x: "at", text: "name", ...above }),
  ];
}
