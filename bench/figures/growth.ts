// The picture of growth: time against audio and against streams, and memory beside it.

import * as Plot from "@observablehq/plot";
import { type Panel, svgOf } from "../../src/charts/svg.ts";
import type { Growing } from "../parts/growth.ts";
import { colours } from "./bars.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

export function growthFigure({ lengths, streams, resident }: Growing): string {
  const time = lengths.map((each) => ({ x: each.audioSeconds, y: each.processingSeconds }));
  const shared = streams.map((each) => ({ x: each.streams, y: each.processingSeconds }));
  const memory = resident.slice(1).map(({ heard, residentMB }) => ({ x: heard, y: residentMB }));
  return svgOf("Longer audio, more streams", [
    growing("seconds to transcribe so many seconds of audio", "audio, s →", "processing, s", time),
    flat("resident memory after so much speech, MB", "speech, s →", memory),
    growing(
      "seconds to transcribe a sentence each of so many speakers",
      "streams →",
      "processing, s",
      shared,
    ),
  ]);
}

/** An axis with a tick and its number at each point: of its own the scale would name powers of ten only. */
function axisAt(points: readonly Point[], label: string): Plot.Markish {
  const places = points.map(({ x }) => Math.round(x));
  return Plot.axisX(places, { label, text: places.map(String) } as Plot.AxisXOptions);
}

/** Logarithmic both ways: what is linear is a straight line, drawn through the last point. */
function growing(title: string, x: string, y: string, points: readonly Point[]): Panel {
  const last = points.at(-1)!;
  const linear = points.map((point) => ({ x: point.x, y: (point.x * last.y) / last.x }));
  return {
    title,
    plot: {
      ...{ height: 230, marginTop: 30, marginBottom: 44, marginLeft: 60 },
      x: { type: "log", label: null },
      y: { type: "log", label: y, grid: true, ticks: 3, tickFormat: String },
      marks: [
        axisAt(points, x),
        Plot.line(linear, { x: "x", y: "y", stroke: colours.faint, strokeWidth: 4 }),
        Plot.line(points, { x: "x", y: "y", stroke: colours.own }),
        Plot.dot(points, { x: "x", y: "y", fill: colours.own, r: 4 }),
        Plot.text(points, {
          x: "x",
          y: "y",
          text: ({ y }: Point) => `${Number(y.toPrecision(2))}`,
          dy: -11,
          fill: colours.text,
        }),
      ],
    },
  };
}

function flat(title: string, x: string, points: readonly Point[]): Panel {
  return {
    title,
    plot: {
      ...{ height: 170, marginTop: 30, marginBottom: 44, marginLeft: 60 },
      x: { type: "log", label: null },
      y: { label: "MB", domain: [0, 1.2 * Math.max(...points.map(({ y }) => y))], ticks: 4, grid: true },
      marks: [
        axisAt(points, x),
        Plot.line(points, { x: "x", y: "y", stroke: colours.other }),
        Plot.dot(points, { x: "x", y: "y", fill: colours.other, r: 4 }),
        Plot.text(points, {
          x: "x",
          y: "y",
          text: ({ y }: Point) => y.toFixed(0),
          dy: -11,
          fill: colours.text,
        }),
      ],
    },
  };
}
