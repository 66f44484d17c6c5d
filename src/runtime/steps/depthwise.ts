// The binder of depthwise convolutions of bytes: windows of several lines and columns have a kernel of their own.

import { packPanels, unpackPanels } from "../../kernels/layout.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Binder, Site, Step } from "../step.ts";
import { finishOf, numberOf } from "./finishing.ts";
import { paddedBytes, padder, type Sliding, slidingOf } from "./sliding.ts";
import { slide, slideScratch } from "./windows.ts";

const W = 1;
/** What vectors may read past the end of an array of 32-bit values, in values. */
const SLACK = 16;

/** Groups of 4 lines. */
const groupsOf = ({ kernel }: Sliding): number => Math.ceil(kernel[0] / 4);

/** Windows that share columns, and whose lines fill groups of 4 well enough. */
function sharesColumns({ kernel, windows }: Sliding): boolean {
  return kernel[0] > 1 && kernel[1] > 1 && windows > 1;
}

/** Columns of the padded image that windows reach. */
function columnsOf({ windows, windowStep, kernel, dilations, pixelBytes }: Sliding): number {
  return ((windows - 1) * windowStep) / pixelBytes + (kernel[1] - 1) * dilations[1] + 1;
}

function turnedBytes(sliding: Sliding): number {
  return sharesColumns(sliding) ? columnsOf(sliding) * groupsOf(sliding) * 64 : 0;
}

/** Behind the padded image and the table: the turned columns, then a value for each channel. */
function scratchBytes(site: Site): number {
  const sliding = slidingOf(site);
  return sliding ? slideScratch(site) + 64 + turnedBytes(sliding) + 4 * (sliding.channels + SLACK) : 0;
}

export const depthwiseQuantized: Binder = {
  scratch: scratchBytes,
  bind(site) {
    const sliding = slidingOf(site);
    const matrix = sliding && site.matrix(W, undefined, undefined);
    if (!matrix || matrix.n !== sliding.channels || site.inputs[0]!.dtype !== "uint8") return undefined;
    const finish = finishOf(site, matrix.n);
    if (!finish || matrix.k !== sizeOf(sliding.kernel)) return undefined;
    const finishing = finish.values(0);
    const turned = site.scratch + Math.ceil(slideScratch(site) / 64) * 64;
    const starts = turned + turnedBytes(sliding);
    const xZero = numberOf(site.node, "xZero");
    if (sharesColumns(sliding)) {
      const { depthwise_lines_u8s8_u8, depthwise_lines_u8s8_u8_fixed } = site.kernels;
      const kernel = finish.fixed ? depthwise_lines_u8s8_u8_fixed : depthwise_lines_u8s8_u8;
      const own = [byColumns(site, sliding), xZero, matrix.sums, starts, turned, ...finishing];
      return overLines(site, sliding, xZero, kernel as Kernel, own);
    }
    const { depthwise_u8s8_u8, depthwise_u8s8_u8_fixed } = site.kernels;
    const kernel = (finish.fixed ? depthwise_u8s8_u8_fixed : depthwise_u8s8_u8) as Kernel;
    const own = [matrix.panels, xZero, matrix.sums, starts, ...finishing];
    return slide(site, sliding, xZero, (windows) => kernel(...windows, ...own));
  },
};

type Kernel = (...all: number[]) => void;

/** The weights of each column of the kernel together, its lines filled up to groups of 4; where they lie. */
function byColumns(site: Site, sliding: Sliding): number {
  const tensor = site.constant(W)!;
  const [places, n] = [sizeOf(sliding.kernel), sliding.channels];
  const [lines, columns] = sliding.kernel;
  const height = 4 * groupsOf(sliding);
  return site.derived(`${lines}×${columns} by columns`, [tensor], () => {
    const data = tensor.data as Int8Array;
    const rows = tensor.dims.length === 2 ? data : unpackPanels(data, places, n);
    const turned = new Int8Array(columns * height * n);
    for (let line = 0; line < lines; line++)
      for (let column = 0; column < columns; column++) {
        const from = (line * columns + column) * n;
        turned.set(rows.subarray(from, from + n), (column * height + line) * n);
      }
    return packPanels(turned, columns * height, n);
  });
}

function overLines(site: Site, sliding: Sliding, fill: number, kernel: Kernel, own: readonly number[]): Step {
  const { images, lines, lineStep, windows, windowStep, channels, positions, dilations, pitch } = sliding;
  const groups = groupsOf(sliding);
  const table = Int32Array.from({ length: 4 * groups }, (_, line) =>
    line < sliding.kernel[0] ? line * dilations[0] * pitch : 0,
  );
  const offsets = site.scratch + paddedBytes(sliding);
  const image = padder(sliding, site.kernels, site.inputs[0]!.pointer, site.scratch);
  const y = site.outputs[0].pointer;
  const geometry = [lines, lineStep, windows, windowStep / channels, columnsOf(sliding)];
  const rest = [offsets, groups, sliding.kernel[1], dilations[1], channels, ...own];
  return ({ views }) => {
    views.i32.set(table, offsets >> 2);
    for (let i = 0; i < images; i++)
      kernel(image(i, fill), y + i * positions * channels, ...geometry, ...rest);
  };
}
