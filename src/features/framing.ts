// Where frames lie in a clip, and what stands beyond its ends.

import type { FeaturePreset } from "./preset.ts";

export interface Framing {
  /** Samples of a frame. */
  readonly length: number;
  readonly hop: number;
  /** Frame f begins at sample f·hop − before of the clip; more than 0 where frames are centred. */
  readonly before: number;
  /** Frames of a clip of n samples, 0 when it is too short. */
  framesOf(n: number): number;
  /** Frames that are known once n samples are there, whatever follows. */
  settled(n: number): number;
  /** The sample of a clip of n that stands at index i, inside the clip or beyond its ends. */
  sampleAt(i: number, n: number): number;
  /** The fewest samples that give a frame. */
  readonly least: number;
}

export function framingOf({ window, hop, fft, edges, dropLast }: FeaturePreset): Framing {
  const { length } = window;
  const before = {
    inside: 0,
    // The frame is the middle of `fft` samples around its instant.
    reflect: (fft >> 1) - ((fft - length) >> 1),
    mirror: (length >> 1) - (hop >> 1),
  }[edges];
  const all = {
    inside: (n: number) => (n < length ? 0 : 1 + Math.floor((n - length) / hop)),
    // A clip that is not longer than what is reflected cannot be.
    reflect: (n: number) => (n <= before ? 0 : 1 + Math.floor(n / hop)),
    mirror: (n: number) => Math.floor((n + (hop >> 1)) / hop),
  }[edges];
  const framesOf = (n: number) => Math.max(0, all(n) - Number(dropLast));
  const turn = edges === "reflect" ? 0 : 1;
  let least = 1;
  while (framesOf(least) === 0) least++;
  return {
    ...{ length, hop, before, framesOf, least },
    settled: (n) =>
      n <= before ? 0 : Math.min(framesOf(n), Math.max(0, 1 + Math.floor((n + before - length) / hop))),
    sampleAt(i, n) {
      let at = i;
      while (at < 0 || at >= n) at = at < 0 ? -at - turn : 2 * n - 2 + turn - at;
      return at;
    },
  };
}
