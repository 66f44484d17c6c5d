// What every step has that slides windows over images, channels last: the geometry in bytes, the padded copy of an
// image, and windows as rows of a matrix. Windows that lie in one run (of a kernel one line high, or as wide as its
// image) are rows as they are, and overlap; others are gathered, some lines at a time, so that they stay in cache.

import type { KernelFunctions } from "../../kernels/functions.ts";
import { elementBytes } from "../../tensor/dtype.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims } from "../operand.ts";
import type { Site } from "../step.ts";

/** Sizes along the lines, then along the columns of an image; an image of rank 1 is one line. In bytes where it says so. */
export interface Sliding {
  images: number;
  size: readonly [lines: number, columns: number];
  kernel: readonly [number, number];
  dilations: readonly [number, number];
  /** Of the result. */
  lines: number;
  windows: number;
  channels: number;
  /** Padding: before and after the lines, before and after the columns. */
  pads: readonly [top: number, bottom: number, left: number, right: number];
  pixelBytes: number;
  /** From a line of the padded image to the next. */
  pitch: number;
  lineStep: number;
  windowStep: number;
  /** Of one image of the result, in values of a channel. */
  positions: number;
}

/** Rows that a gathered block has at least, where there are so many. */
const BLOCK_ROWS = 48;
/** What copies may write, and vectors read, past the end. */
const SLACK = 64;

const roundUp = (bytes: number): number => Math.ceil((bytes + SLACK) / SLACK) * SLACK;

/** The geometry of a node over input 0, or undefined when sizes are not fixed or there are more than two axes. */
export function slidingOf({
  node,
  inputs,
  outputs,
}: Pick<Site, "node" | "inputs" | "outputs">): Sliding | undefined {
  const [dims, out] = [fixedDims(inputs[0]), fixedDims(outputs[0])];
  const rank = (dims?.length ?? 0) - 2;
  if (!dims || !out || rank < 1 || rank > 2 || "auto_pad" in node.attributes) return undefined;
  const pair = (values: readonly number[], one: number): [number, number] =>
    rank === 1 ? [one, values[0]] : [values[0], values[1]];
  const listed = (name: string): [number, number] =>
    pair((node.attributes[name] as readonly number[] | undefined) ?? [1, 1], 1);
  const pads = (node.attributes.pads as readonly number[] | undefined) ?? new Array(2 * rank).fill(0);
  if (pads.some((pad) => pad < 0)) return undefined;
  const [[top, left], [bottom, right]] = [pair(pads.slice(0, rank), 0), pair(pads.slice(rank), 0)];
  const [size, strides] = [pair(dims.slice(1, -1), 1), listed("strides")];
  const [lines, windows] = pair(out.slice(1, -1), 1);
  const channels = dims[dims.length - 1];
  const pixelBytes = channels * elementBytes(inputs[0]!.dtype);
  const pitch = (size[1] + left + right) * pixelBytes;
  return {
    ...{
      images: dims[0],
      size,
      lines,
      windows,
      channels,
      pads: [top, bottom, left, right],
      pixelBytes,
      pitch,
    },
    ...{ kernel: listed("kernel_shape"), dilations: listed("dilations") },
    ...{ lineStep: strides[0] * pitch, windowStep: strides[1] * pixelBytes, positions: lines * windows },
  };
}

/** Bytes of scratch for the padded copy of one image; 0 when nothing is padded. */
export function paddedBytes({ size, pads, pitch }: Sliding): number {
  if (pads.every((pad) => pad === 0)) return 0;
  return roundUp((size[0] + pads[0] + pads[1]) * pitch);
}

/** What brings an image into its padding: a function that gives the place where the first window begins. */
export function padder(
  sliding: Sliding,
  { pad_lines }: KernelFunctions,
  x: number,
  scratch: number,
): (image: number, fill: number) => number {
  const { size, pads, pixelBytes, pitch } = sliding;
  const [top, bottom, left, right] = pads;
  const lineBytes = size[1] * pixelBytes;
  const imageBytes = size[0] * lineBytes;
  if (paddedBytes(sliding) === 0) return (image) => x + image * imageBytes;
  const gaps = [top * pitch + left * pixelBytes, (left + right) * pixelBytes];
  const after = bottom * pitch + right * pixelBytes;
  return (image, fill) => {
    pad_lines(x + image * imageBytes, scratch, size[0], lineBytes, gaps[0], gaps[1], after, fill);
    return scratch;
  };
}

/** Byte offsets of a window's places from its first; the first's again until there are a multiple of 4. */
export function placeOffsets({ kernel, dilations, pitch, pixelBytes }: Sliding): Int32Array {
  const places = sizeOf(kernel);
  return Int32Array.from({ length: 4 * Math.ceil(places / 4) }, (_, place) => {
    if (place >= places) return 0;
    const [line, column] = [Math.floor(place / kernel[1]), place % kernel[1]];
    return line * dilations[0] * pitch + column * dilations[1] * pixelBytes;
  });
}

/** Whether the places of a window follow one another in memory. */
function isRun({ kernel, dilations, size, pads }: Sliding, groups: number): boolean {
  if (groups > 1 || (kernel[1] > 1 && dilations[1] > 1)) return false;
  const wide = kernel[1] === size[1] + pads[2] + pads[3] && dilations[0] === 1;
  return kernel[0] === 1 || wide;
}

/** Lines of windows that are gathered at once. */
function blockLines({ lines, windows }: Sliding): number {
  return Math.min(lines, Math.ceil(BLOCK_ROWS / windows));
}

/** Bytes of a gathered window. */
function rowBytes({ kernel, pixelBytes }: Sliding, groups: number): number {
  return (sizeOf(kernel) * pixelBytes) / groups;
}

/** The most rows that are handed over at once. */
export function mostRows(sliding: Sliding, groups: number): number {
  return isRun(sliding, groups) ? sliding.positions : blockLines(sliding) * sliding.windows;
}

/** Bytes of scratch that `windowRows` needs. */
export function windowBytes(sliding: Sliding, groups: number): number {
  const gathered = isRun(sliding, groups) ? 0 : mostRows(sliding, groups) * rowBytes(sliding, groups);
  return paddedBytes(sliding) + roundUp(gathered);
}

/** Takes `m` rows `strideBytes` apart, which are the windows from number `first` of the result on, of one group. */
export type TakeRows = (from: number, strideBytes: number, m: number, first: number, group: number) => void;

/** All windows as rows, some at a time. @param scratch `windowBytes` */
export function windowRows(
  sliding: Sliding,
  groups: number,
  kernels: KernelFunctions,
  x: number,
  scratch: number,
): (fill: number, take: TakeRows) => void {
  const image = padder(sliding, kernels, x, scratch);
  const { images, positions } = sliding;
  const rows = isRun(sliding, groups)
    ? overlappingRows(sliding)
    : gatheredRows(sliding, groups, kernels, scratch + paddedBytes(sliding));
  return (fill, take) => {
    for (let i = 0; i < images; i++) rows(image(i, fill), i * positions, take);
  };
}

type ImageRows = (image: number, first: number, take: TakeRows) => void;

function overlappingRows({ lines, windows, lineStep, windowStep }: Sliding): ImageRows {
  // Where lines follow without a gap, or there is one window a line, all are one matrix.
  if (lineStep === windows * windowStep || lines === 1)
    return (image, first, take) => take(image, windowStep, lines * windows, first, 0);
  if (windows === 1) return (image, first, take) => take(image, lineStep, lines, first, 0);
  return (image, first, take) => {
    for (let line = 0; line < lines; line++)
      take(image + line * lineStep, windowStep, windows, first + line * windows, 0);
  };
}

function gatheredRows(
  sliding: Sliding,
  groups: number,
  { gather_windows }: KernelFunctions,
  to: number,
): ImageRows {
  const { kernel, dilations, lines, windows, lineStep, windowStep, pixelBytes, pitch } = sliding;
  const whole = groups === 1 && (dilations[1] === 1 || kernel[1] === 1);
  const piece = whole
    ? ([1, 0, kernel[1] * pixelBytes] as const)
    : ([kernel[1], dilations[1] * pixelBytes, pixelBytes / groups] as const);
  const [most, bytes] = [blockLines(sliding), rowBytes(sliding, groups)];
  return (image, first, take) => {
    for (let line = 0; line < lines; line += most) {
      const count = Math.min(most, lines - line);
      for (let group = 0; group < groups; group++) {
        const from = image + line * lineStep + (group * pixelBytes) / groups;
        gather_windows(
          from,
          to,
          count,
          lineStep,
          windows,
          windowStep,
          kernel[0],
          dilations[0] * pitch,
          ...piece,
        );
        take(to, bytes, count * windows, first + line * windows, group);
      }
    }
  };
}
