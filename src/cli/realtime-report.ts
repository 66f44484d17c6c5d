// What `octavox realtime` found: a record for programs, a table for people, and a figure.

import { type Played, playRecorded, playSlowed, quantile } from "../evaluate/index.ts";
import { writeAtomically } from "../host/index.ts";

export interface Run {
  frameSeconds: number;
  capacity: number;
  played: Played;
  slow: number;
  /** Infinity when no slowdown loses a frame. */
  firstLoss: number;
}

/** Times in milliseconds. */
export function record({ played, slow, firstLoss, frameSeconds, capacity }: Run) {
  const { frames, lost, latencies, audioSeconds, processingSeconds } = played;
  const ms = (share: number) => 1000 * quantile(latencies, share);
  return {
    ...{ slow, frames, frameMs: 1000 * frameSeconds, bufferMs: 1000 * frameSeconds * capacity },
    ...{ audioSeconds, processingSeconds, rtf: processingSeconds / audioSeconds },
    latency: { median: ms(0.5), p99: ms(0.99), max: ms(1) },
    dropped: lost.length,
    firstLossAt: Number.isFinite(firstLoss) ? firstLoss : null,
  };
}

export function table(run: Run, kernels: string): (readonly string[])[] {
  const {
    slow,
    frames,
    frameMs,
    bufferMs,
    audioSeconds,
    processingSeconds,
    rtf,
    latency,
    dropped,
    firstLossAt,
  } = record(run);
  const ms = (value: number) => `${digits(value)} ms`;
  const work = `${audioSeconds.toFixed(1)} s of audio in ${digits(processingSeconds)} s, ${kernels} kernels`;
  return [
    ["real-time factor", digits(rtf), slow === 1 ? work : `${work}, ${slow} times as slow`],
    ["latency", ms(latency.median), `median; 99 % within ${ms(latency.p99)}, all within ${ms(latency.max)}`],
    ["lost frames", `${dropped}`, `of ${frames}, ${frameMs} ms each; the buffer holds ${bufferMs} ms`],
    firstLossAt === null
      ? ["first loss", "never", "all of the audio fits the buffer, or takes no time"]
      : ["first loss", `${digits(firstLossAt)} ×`, "the slowdown at which a frame of this audio is lost"],
  ];
}

function lossesOf(count: number): string {
  if (count === 0) return "no frame lost";
  return count === 1 ? "the first frame lost" : `${count} frames lost`;
}

/** Slowdowns that the figure is made of. */
const POINTS = 120;

export async function draw(output: string, file: string, run: Run, times: readonly number[]): Promise<void> {
  // The charts' library is large, and few runs need it.
  const { realtimeFigure } = await import("../charts/index.ts");
  const { played, slow, firstLoss, frameSeconds, capacity } = run;
  const panel = (name: string, { filling, lost, audioSeconds }: Played) => ({
    ...{ title: `Audio waiting in the buffer, ${name}: ${lossesOf(lost.length)}`, filling, lost },
    seconds: Math.max(audioSeconds, filling.at(-1)?.time ?? 0),
  });
  const runs = [panel(slow === 1 ? "as fast as here" : `${slow} times slower`, played)];
  const loses = Number.isFinite(firstLoss);
  if (loses) runs.push(panel(`${digits(firstLoss)} times slower`, playRecorded(times, run, firstLoss)));
  const processing = times.reduce((sum, time) => sum + time, 0);
  const realTime = processing === 0 ? Number.POSITIVE_INFINITY : (times.length * frameSeconds) / processing;
  const shown = [1, slow, firstLoss, realTime].filter(Number.isFinite);
  const points = playSlowed(times, run, between(Math.min(...shown) / 1.2, 4 * Math.max(...shown)));
  const svg = realtimeFigure(`${file} at its own pace`, {
    ...{ slowdowns: { points, firstLoss, realTime, bufferSeconds: capacity * frameSeconds } },
    ...{ size: run, runs },
  });
  await writeAtomically(output, new TextEncoder().encode(svg));
}

/** Numbers each the same multiple of the one before. */
function between(low: number, high: number): number[] {
  return Array.from({ length: POINTS }, (_, i) => low * (high / low) ** (i / (POINTS - 1)));
}

/** Three digits that count, without an exponent. */
function digits(value: number): string {
  return value >= 1000 ? value.toFixed(0) : value.toPrecision(3);
}
