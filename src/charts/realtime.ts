// A program that keeps up with audio, or does not: lateness and losses over slowdown, and how full a device's buffer is.

import * as Plot from "@observablehq/plot";
import { type Slowdowns, slowdownPanels } from "./slowdown.ts";
import { type Panel, svgOf } from "./svg.ts";

/** A run, drawn as one panel. Times in seconds. */
export interface BufferRun {
  title: string;
  /** Frames waiting from a moment on, in order of time. */
  filling: readonly { time: number; waiting: number }[];
  /** When frames were lost. */
  lost: readonly number[];
  /** Seconds from beginning to end. */
  seconds: number;
}

export interface BufferSize {
  frameSeconds: number;
  /** Frames. */
  capacity: number;
}

const colours = { waiting: "#3b6ea5", full: "#9aa7b5", lost: "#d1495b" };
/** Points drawn along the time axis: more would not be told apart. */
const POINTS = 1000;
const MILLISECONDS = 1000;

/** Two panels over slowdown, and one for the buffer in each run, these on one scale. */
export function realtimeFigure(
  title: string,
  { slowdowns, size, runs }: { slowdowns: Slowdowns; size: BufferSize; runs: readonly BufferRun[] },
): string {
  return svgOf(title, [...slowdownPanels(slowdowns), ...runs.map((run) => bufferPanel(size, run))]);
}

function bufferPanel(
  { frameSeconds, capacity }: BufferSize,
  { title, filling, lost, seconds }: BufferRun,
): Panel {
  const ms = (frames: number) => frames * frameSeconds * MILLISECONDS;
  const step = seconds / POINTS;
  const points = fullest(filling, step).map(({ time, waiting }) => ({ time, waiting: ms(waiting) }));
  return {
    title,
    plot: {
      height: 170,
      marginLeft: 60,
      x: { label: "seconds", domain: [0, seconds] },
      y: { label: "audio waiting, ms", domain: [0, 1.15 * ms(capacity)], grid: true, ticks: 4 },
      marks: [
        Plot.areaY(points, {
          x: "time",
          y: "waiting",
          fill: colours.waiting,
          curve: "step-after",
          fillOpacity: 0.35,
        }),
        Plot.lineY(points, { x: "time", y: "waiting", stroke: colours.waiting, curve: "step-after" }),
        Plot.ruleY([ms(capacity)], { stroke: colours.full, strokeDasharray: "4 3" }),
        Plot.tickX(thinned(lost, step), {
          x: (time) => time,
          y: null,
          stroke: colours.lost,
          strokeOpacity: 0.5,
          insetBottom: 100,
        }),
      ],
    },
  };
}

/** Of each stretch of `step` seconds the moment at which most frames wait; the last value goes on to the next. */
function fullest(filling: BufferRun["filling"], step: number): { time: number; waiting: number }[] {
  const points: { time: number; waiting: number }[] = [];
  for (const { time, waiting } of filling) {
    const at = Math.floor(time / step) * step;
    const last = points.at(-1);
    if (last?.time === at) last.waiting = Math.max(last.waiting, waiting);
    else points.push({ time: at, waiting });
  }
  return points;
}

function thinned(times: readonly number[], step: number): number[] {
  return times.filter((time, i) => i === 0 || Math.floor(time / step) > Math.floor(times[i - 1] / step));
}
