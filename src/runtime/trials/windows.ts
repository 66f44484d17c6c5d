// Trials of the kernels that slide windows over images.

import type { KernelName } from "../../kernels/functions.ts";
import { gatherWindows, padLines } from "../../reference/copy.ts";
import { depthwiseF32, windowMax } from "../../reference/depthwise.ts";
import { limit } from "../../reference/elementwise-functions.ts";
import { floats, type Trial, unsigned } from "./bench.ts";

/** 2×2 windows, dilated along the columns, over an image of 4×6 places: more channels than one block of any kernel. */
export const [CHANNELS, COLUMNS, LINES] = [21, 6, 4];
const from = Int32Array.from({ length: 3 * 2 * 4 }, (_, i) => {
  const [window, place] = [Math.floor(i / 4), i % 4];
  const [line, column] = [Math.floor(window / 2) + (place >> 1), 2 * (window % 2) + 2 * (place & 1)];
  return line * COLUMNS + column;
});
export const geometry = { places: 4, from, channels: CHANNELS };

/** The arguments every kernel of windows begins with. */
export function windows(x: number, y: number, offsets: number, size: number) {
  const pixel = CHANNELS * size;
  return [x, y, 3, COLUMNS * pixel, 2, 2 * pixel, offsets, 4, CHANNELS] as const;
}

export const offsets = (size: number): Int32Array =>
  Int32Array.of(0, 2, COLUMNS, COLUMNS + 2).map((place) => place * CHANNELS * size);

function max(name: "window_max_f32" | "window_max_u8" | "window_max_s8"): Trial {
  return (kernels, bench) => {
    const count = LINES * COLUMNS * CHANNELS;
    const [x, least] = {
      window_max_f32: [floats(count), -Infinity] as const,
      window_max_u8: [unsigned(count), 0] as const,
      window_max_s8: [Int8Array.from(unsigned(count)), -128] as const,
    }[name];
    const want = windowMax(x as Float32Array, geometry, least);
    const y = bench.put(want.slice().fill(0));
    kernels[name](...windows(bench.put(x), y, bench.put(offsets(x.BYTES_PER_ELEMENT)), x.BYTES_PER_ELEMENT));
    return { got: bench.get(y, want), want };
  };
}

export const windowTrials: Partial<Record<KernelName, Trial>> = {
  pad_lines(kernels, bench) {
    const x = unsigned(3 * 21);
    const want = padLines(x, 21, { before: 18, between: 5, after: 33, fill: 129 });
    const y = bench.put(new Uint8Array(want.length));
    kernels.pad_lines(bench.put(x), y, 3, 21, 18, 5, 33, 129);
    return { got: bench.get(y, want), want };
  },
  gather_windows(kernels, bench) {
    const x = unsigned(200);
    const want = gatherWindows(
      x,
      [
        [2, 50],
        [3, 7],
        [2, 31],
        [2, 5],
      ],
      19,
    );
    const y = bench.put(new Uint8Array(want.length));
    kernels.gather_windows(bench.put(x), y, 2, 50, 3, 7, 2, 31, 2, 5, 19);
    return { got: bench.get(y, want), want };
  },
  depthwise_f32(kernels, bench) {
    const [x, weights, bias] = [floats(LINES * COLUMNS * CHANNELS), floats(4 * CHANNELS), floats(CHANNELS)];
    const want = limit(depthwiseF32(x, weights, geometry, bias), -5, 6);
    const y = bench.put(new Float32Array(want.length));
    const taken = windows(bench.put(x), y, bench.put(offsets(4)), 4);
    kernels.depthwise_f32(...taken, bench.put(weights), bench.put(bias), -5, 6);
    return { got: bench.get(y, want), want };
  },
  window_max_f32: max("window_max_f32"),
  window_max_u8: max("window_max_u8"),
  window_max_s8: max("window_max_s8"),
};
