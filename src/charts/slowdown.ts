// What becomes of lateness, and of frames, on machines that are slower and slower.

import * as Plot from "@observablehq/plot";
import type { Panel } from "./svg.ts";

/** At one slowdown; latencies in seconds. */
export interface SlowedPoint {
  slow: number;
  median: number;
  p99: number;
  /** Of all frames, 0 … 1. */
  lostShare: number;
}

export interface Slowdowns {
  /** In order. */
  points: readonly SlowedPoint[];
  /** Where the first frame is lost; Infinity where none is. */
  firstLoss: number;
  /** Where processing takes as long as the audio. */
  realTime: number;
  /** Seconds of audio that the buffer holds. */
  bufferSeconds: number;
}

const colours = { median: "#3b6ea5", p99: "#2e7d6b", lost: "#d1495b", line: "#9aa7b5", text: "#1d2733" };
const MILLISECONDS = 1000;
/** Less is drawn as this: a logarithmic axis has no 0. In ms. */
const LEAST = 1e-3;
const margins = { marginLeft: 60, marginRight: 70 };

/** Latency, and the share of frames lost, over one axis of slowdowns. */
export function slowdownPanels(slowdowns: Slowdowns): Panel[] {
  const { points } = slowdowns;
  const x: Plot.ScaleOptions = {
    ...{ type: "log", domain: [points[0].slow, points.at(-1)!.slow] },
    ...{ label: "times slower than here", ticks: 6, tickFormat: (value: number) => `${value}` },
  };
  return [latencyPanel(slowdowns, x), lossPanel(slowdowns, x)];
}

function latencyPanel(
  { points, firstLoss, realTime, bufferSeconds }: Slowdowns,
  x: Plot.ScaleOptions,
): Panel {
  const lines = (["median", "p99"] as const).map((name) => ({
    ...{ name, label: name === "p99" ? "99 %" : name },
    at: points.map((point) => ({ slow: point.slow, ms: Math.max(LEAST, point[name] * MILLISECONDS) })),
  }));
  const buffer = bufferSeconds * MILLISECONDS;
  const [low, high] = [points[0].slow, points.at(-1)!.slow];
  const rules = [
    { at: realTime, label: "real-time factor 1", colour: colours.line, anchor: "bottom", dy: -8 },
    { at: firstLoss, label: "first frame lost", colour: colours.lost, anchor: "top", dy: 0 },
  ] as const;
  return {
    title: "From a frame's arrival to the end of its processing",
    plot: {
      ...{ height: 260, ...margins, x: { ...x, label: null } },
      y: { type: "log", label: "latency, ms", grid: true, ticks: 5, tickFormat: (ms: number) => `${ms}` },
      marks: [
        Plot.ruleY([buffer], { stroke: colours.line, strokeDasharray: "4 3" }),
        Plot.text([`the buffer's ${buffer} ms`], {
          ...{ x: low, y: buffer, dx: 4, dy: -7, textAnchor: "start", fill: colours.text },
        }),
        ...rules.flatMap(({ at, label, colour, anchor, dy }) =>
          at > low && at < high
            ? [
                Plot.ruleX([at], { stroke: colour, strokeWidth: 1.5 }),
                Plot.text([`${label}: ${at.toPrecision(3)} ×`], {
                  ...{ x: at, frameAnchor: anchor, dx: -5, dy, textAnchor: "end", fill: colours.text },
                  ...{ stroke: "#ffffff", strokeWidth: 4 },
                }),
              ]
            : [],
        ),
        ...lines.flatMap(({ name, label, at }) => [
          Plot.lineY(at, { x: "slow", y: "ms", stroke: colours[name], strokeWidth: 2 }),
          Plot.text(at.slice(-1), {
            ...{ x: "slow", y: "ms", text: [label], dx: 6, textAnchor: "start", fill: colours[name] },
            ...{ dy: name === "median" ? 7 : -7, fontWeight: 600 },
          }),
        ]),
      ],
    },
  };
}

function lossPanel({ points }: Slowdowns, x: Plot.ScaleOptions): Panel {
  const lost = points.map(({ slow, lostShare }) => ({ slow, percent: 100 * lostShare }));
  return {
    title: "Frames lost",
    plot: {
      ...{ height: 145, ...margins, marginBottom: 42, x: { ...x, labelOffset: 38 } },
      y: { label: "% of all", domain: [0, 100], grid: true, ticks: 3 },
      marks: [
        Plot.areaY(lost, { x: "slow", y: "percent", fill: colours.lost, fillOpacity: 0.3 }),
        Plot.lineY(lost, { x: "slow", y: "percent", stroke: colours.lost, strokeWidth: 2 }),
      ],
    },
  };
}
