// Trials of the kernels that slide windows over images.

import type { KernelName } from "../../kernels/functions.ts";
import { columnSums, packPanels } from "../../kernels/layout.ts";
import { gatherWindows, padLines } from "../../reference/copy.ts";
import { depthwiseF32, depthwiseI32, limit, windowMax } from "../../reference/depthwise.ts";
import { floats, noise, type Trial } from "./bench.ts";
import { finishing, flipped } from "./products.ts";

const bytes = (count: number): Uint8Array => Uint8Array.from(noise(count), (x) => Math.round(255 * x));

/** 2×2 windows, dilated along the columns, over an image of 4×6 places: more channels than one block of any kernel. */
const [CHANNELS, COLUMNS, LINES] = [21, 6, 4];
const from = Int32Array.from({ length: 3 * 2 * 4 }, (_, i) => {
  const [window, place] = [Math.floor(i / 4), i % 4];
  const [line, column] = [Math.floor(window / 2) + (place >> 1), 2 * (window % 2) + 2 * (place & 1)];
  return line * COLUMNS + column;
});
const geometry = { places: 4, from, channels: CHANNELS };

/** The arguments every kernel of windows begins with. */
function windows(x: number, y: number, offsets: number, size: number) {
  const pixel = CHANNELS * size;
  return [x, y, 3, COLUMNS * pixel, 2, 2 * pixel, offsets, 4, CHANNELS] as const;
}

const offsets = (size: number): Int32Array =>
  Int32Array.of(0, 2, COLUMNS, COLUMNS + 2).map((place) => place * CHANNELS * size);

function max(name: "window_max_f32" | "window_max_u8" | "window_max_s8"): Trial {
  return (kernels, bench) => {
    const count = LINES * COLUMNS * CHANNELS;
    const [x, least] = {
      window_max_f32: [floats(count), -Infinity] as const,
      window_max_u8: [bytes(count), 0] as const,
      window_max_s8: [Int8Array.from(bytes(count)), -128] as const,
    }[name];
    const want = windowMax(x as Float32Array, geometry, least);
    const y = bench.put(want.slice().fill(0));
    kernels[name](...windows(bench.put(x), y, bench.put(offsets(x.BYTES_PER_ELEMENT)), x.BYTES_PER_ELEMENT));
    return { got: bench.get(y, want), want };
  };
}

function depthwiseBytes(fixed: boolean): Trial {
  return (kernels, bench) => {
    const x = bytes(LINES * COLUMNS * CHANNELS);
    const weights = Int8Array.from(bytes(4 * CHANNELS));
    const finish = finishing(bench, CHANNELS, fixed);
    const want = flipped(depthwiseI32(x, weights, geometry, 77), CHANNELS, finish);
    const y = bench.put(new Int8Array(want.length));
    const [panels, sums] = [packPanels, columnSums].map((of) => bench.put(of(weights, 4, CHANNELS)));
    const taken = windows(bench.put(x), y, bench.put(offsets(1)), 1);
    const kernel = fixed ? kernels.depthwise_u8s8_u8_fixed : kernels.depthwise_u8s8_u8;
    const scratch = bench.put(new Int32Array(CHANNELS + 16));
    (kernel as (...all: number[]) => void)(...taken, panels, 77, sums, scratch, ...finish.values);
    return { got: bench.get(y, want), want };
  };
}

/** The same windows, their lines and columns told apart: both columns' weights have room for 4 lines. */
function depthwiseLines(fixed: boolean): Trial {
  return (kernels, bench) => {
    const x = bytes(LINES * COLUMNS * CHANNELS);
    const weights = Int8Array.from(bytes(4 * CHANNELS));
    const finish = finishing(bench, CHANNELS, fixed);
    const want = flipped(depthwiseI32(x, weights, geometry, 77), CHANNELS, finish);
    const y = bench.put(new Int8Array(want.length));
    const byColumns = new Int8Array(2 * 4 * CHANNELS);
    for (const place of [0, 1, 2, 3])
      byColumns.set(
        weights.subarray(place * CHANNELS, (place + 1) * CHANNELS),
        (4 * (place & 1) + (place >> 1)) * CHANNELS,
      );
    const line = COLUMNS * CHANNELS;
    const table = bench.put(Int32Array.of(0, line, 0, 0));
    const panels = bench.put(packPanels(byColumns, 8, CHANNELS));
    const sums = bench.put(columnSums(weights, 4, CHANNELS));
    const scratch = bench.put(new Int32Array(CHANNELS + 16));
    const turned = bench.put(new Uint8Array(5 * 64));
    const kernel = fixed ? kernels.depthwise_lines_u8s8_u8_fixed : kernels.depthwise_lines_u8s8_u8;
    const taken = [bench.put(x), y, 3, line, 2, 2, 5, table, 1, 2, 2, CHANNELS, panels, 77, sums] as const;
    (kernel as (...all: number[]) => void)(...taken, scratch, turned, ...finish.values);
    return { got: bench.get(y, want), want };
  };
}

export const windowTrials: Partial<Record<KernelName, Trial>> = {
  pad_lines(kernels, bench) {
    const x = bytes(3 * 21);
    const want = padLines(x, 21, { before: 18, between: 5, after: 33, fill: 129 });
    const y = bench.put(new Uint8Array(want.length));
    kernels.pad_lines(bench.put(x), y, 3, 21, 18, 5, 33, 129);
    return { got: bench.get(y, want), want };
  },
  gather_windows(kernels, bench) {
    const x = bytes(200);
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
  depthwise_u8s8_u8: depthwiseBytes(false),
  depthwise_u8s8_u8_fixed: depthwiseBytes(true),
  depthwise_lines_u8s8_u8: depthwiseLines(false),
  depthwise_lines_u8s8_u8_fixed: depthwiseLines(true),
  window_max_f32: max("window_max_f32"),
  window_max_u8: max("window_max_u8"),
  window_max_s8: max("window_max_s8"),
};
