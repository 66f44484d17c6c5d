// Binders of the operators that slide windows over images, channels last: convolutions, depthwise convolutions, pools.

import type { Node } from "../../model/graph.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims, isVectorOf } from "../operand.ts";
import type { Binder, RunContext, Site, Step, Views } from "../step.ts";
import { pad } from "./pad.ts";
import { integerProduct } from "./products.ts";
import {
  mostRows,
  paddedBytes,
  padder,
  placeOffsets,
  type Sliding,
  slidingOf,
  windowBytes,
  windowRows,
} from "./sliding.ts";

export function groupsOf({ attributes }: Node): number {
  return (attributes.group as number | undefined) ?? 1;
}

/** Limits of a fused Relu or Clip. */
function limitsOf({ attributes: { low = -Infinity, high = Infinity } }: Node): [low: number, high: number] {
  return [low as number, high as number];
}

/** Scratch for the windows of a convolution as rows, and `more` bytes for each row that is taken at once. */
export function rowsScratch(more: number): (site: Site) => number {
  return (site) => {
    const [sliding, groups] = [slidingOf(site), groupsOf(site.node)];
    return sliding ? windowBytes(sliding, groups) + more * mostRows(sliding, groups) : 0;
  };
}

/** Each group's windows times its columns, then the limits while they are in cache. */
const convFloat: Binder = {
  scratch: rowsScratch(0),
  bind(site) {
    const [sliding, groups] = [slidingOf(site), groupsOf(site.node)];
    const [k, out] = fixedDims(site.inputs[1]) ?? [];
    if (!sliding || k === undefined || !isVectorOf(site.inputs[2], out)) return undefined;
    const { linear_f32, matmul_f32, clamp_f32 } = site.kernels;
    const [low, high] = limitsOf(site.node);
    const limited = low > -Infinity || high < Infinity;
    const [x, y] = [site.inputs[0]!.pointer, site.outputs[0].pointer];
    const bias = site.inputs[2]?.pointer ?? 0;
    const [n, stride] = [out / groups, out * 4];
    const rows = windowRows(sliding, groups, site.kernels, x, site.scratch);
    // Columns of a group may begin inside a panel.
    const panels = groups === 1 ? site.floats(1) : undefined;
    const w = panels ?? site.inputs[1]!.pointer;
    return () =>
      rows(0, (from, fromStride, m, first, group) => {
        const [to, columns] = [y + first * stride, group * n * 4];
        const more = bias === 0 ? 0 : bias + columns;
        if (panels === undefined)
          matmul_f32(from, fromStride, w + columns, stride, to + columns, stride, m, n, k, more);
        else linear_f32(from, fromStride, w, to, stride, m, n, k, more);
        if (limited && group === groups - 1) clamp_f32(to, to, m * out, low, high);
      });
  },
};

/** Position of what ConvIntegerToFloat adds to its result. */
const ADDEND = 7;
/** Rows that are added while they are in cache; as many for each thread. */
const ADDED_ROWS = 192;

/** Sums of rows, and where something is added, the product of some rows. */
const integerScratch = rowsScratch(4);

const convInteger: Binder = {
  scratch(site) {
    const rows = Math.ceil(integerScratch(site) / 16) * 16;
    return site.inputs[ADDEND] ? rows + addedRows(site) * rowBytesOf(site) : rows;
  },
  bind(site) {
    const sliding = slidingOf(site);
    const product = sliding && integerProduct(site, site.scratch + windowBytes(sliding, groupsOf(site.node)));
    const [zero, addend] = [site.inputs[4], site.inputs[ADDEND]];
    if (!sliding || !product || !zero) return undefined;
    if (addend && String(addend.dims) !== String(site.outputs[0].dims)) return undefined;
    const [y, stride] = [site.outputs[0].pointer, rowBytesOf(site)];
    const rows = windowRows(sliding, 1, site.kernels, site.inputs[0]!.pointer, site.scratch);
    const [most, block] = [addedRows(site), site.scratch + Math.ceil(integerScratch(site) / 16) * 16];
    const { add_f32 } = site.kernels;
    const add = (context: RunContext, from: number, fromStride: number, m: number, first: number) => {
      for (let row = 0; row < m; row += most) {
        const [count, at] = [Math.min(most, m - row), (first + row) * stride];
        product(context, from + row * fromStride, fromStride, count, block);
        add_f32(addend!.pointer + at, block, y + at, (count * stride) / 4);
      }
    };
    return (context) =>
      rows(context.views.u8[zero.pointer], (from, fromStride, m, first) =>
        addend
          ? add(context, from, fromStride, m, first)
          : product(context, from, fromStride, m, y + first * stride),
      );
  },
};

const rowBytesOf = ({ outputs }: Site): number => (outputs[0].dims.at(-1) as number) * 4;
const addedRows = ({ threads }: Site): number => ADDED_ROWS * threads;

/** What every kernel that slides windows takes first. */
type WindowArguments = readonly [
  ...[x: number, y: number, lines: number, lineStep: number, windows: number, windowStep: number],
  ...[offsets: number, places: number, channels: number],
];

/** Runs `each` with what the kernels of windows take first; the table of places is written anew at every run. */
export function slide(
  site: Site,
  sliding: Sliding,
  fill: number,
  each: (windows: WindowArguments, views: Views) => void,
): Step {
  const { images, lines, lineStep, windows, windowStep, channels, positions, kernel } = sliding;
  const table = placeOffsets(sliding);
  const offsets = site.scratch + paddedBytes(sliding);
  const image = padder(sliding, site.kernels, site.inputs[0]!.pointer, site.scratch);
  const imageBytes = positions * (sliding.pixelBytes / channels) * channels;
  const y = site.outputs[0].pointer;
  return ({ views }) => {
    views.i32.set(table, offsets >> 2);
    for (let i = 0; i < images; i++)
      each(
        [
          ...([image(i, fill), y + i * imageBytes, lines, lineStep, windows, windowStep] as const),
          ...([offsets, sizeOf(kernel), channels] as const),
        ],
        views,
      );
  };
}

/** Scratch for `slide`: the padded image and the table of places, rounded up to 4 of them. */
export function slideScratch(site: Site): number {
  const sliding = slidingOf(site);
  return sliding ? paddedBytes(sliding) + 16 * Math.ceil(sizeOf(sliding.kernel) / 4) : 0;
}

const depthwiseFloat: Binder = {
  scratch: slideScratch,
  bind(site) {
    const sliding = slidingOf(site);
    const [places, out] = fixedDims(site.inputs[1]) ?? [];
    if (!sliding || places !== sizeOf(sliding.kernel) || out !== sliding.channels) return undefined;
    if (!isVectorOf(site.inputs[2], out)) return undefined;
    const { depthwise_f32 } = site.kernels;
    const [weights, bias] = [site.inputs[1]!.pointer, site.inputs[2]?.pointer ?? 0];
    const [low, high] = limitsOf(site.node);
    return slide(site, sliding, 0, (windows) => depthwise_f32(...windows, weights, bias, low, high));
  },
};

/** Padding that is less than every value; of floats a NaN, which maxima pass over. */
const maxPool: Binder = {
  scratch: slideScratch,
  bind(site) {
    const sliding = slidingOf(site);
    const { window_max_f32, window_max_u8, window_max_s8 } = site.kernels;
    const kinds: Readonly<Record<string, readonly [kernel: typeof window_max_f32, fill: number]>> = {
      float32: [window_max_f32, 0xff],
      uint8: [window_max_u8, 0],
      int8: [window_max_s8, 0x80],
    };
    const kind = kinds[site.inputs[0]!.dtype];
    if (!sliding || !kind) return undefined;
    const [kernel, fill] = kind;
    return slide(site, sliding, fill, (windows) => kernel(...windows));
  },
};

/** Sums with weights of 1, divided by the values in each window. */
const averagePool: Binder = {
  scratch: (site) => slideScratch(site) + 4,
  bind(site) {
    const sliding = slidingOf(site);
    if (!sliding || site.inputs[0]!.dtype !== "float32") return undefined;
    const { depthwise_f32, div_row_f32 } = site.kernels;
    const { channels, positions, kernel } = sliding;
    const counts =
      site.node.attributes.count_include_pad === 1
        ? new Float32Array(positions).fill(sizeOf(kernel))
        : valuesInWindows(sliding, site.node);
    const count = counts.every((each) => each === counts[0]) ? counts.subarray(0, 1) : counts;
    const width = sizeOf(kernel) * channels;
    const ones = site.derived(`${width} ones`, [], () => new Float32Array(width).fill(1));
    const divisor = site.scratch + slideScratch(site);
    const rows = positions / count.length;
    const bytes = rows * channels * 4;
    return slide(site, sliding, 0, (windows, views) => {
      depthwise_f32(...windows, ones, 0, -Infinity, Infinity);
      count.forEach((value, i) => {
        const y = windows[1] + i * bytes;
        views.f32[divisor >> 2] = value;
        div_row_f32(y, divisor, y, rows * channels, 1);
      });
    });
  },
};

/** For each window of an image how many of its places are not padding. */
function valuesInWindows(sliding: Sliding, { attributes }: Node): Float32Array {
  const { size, kernel, dilations, lines, windows, pads } = sliding;
  const strides = (attributes.strides as readonly number[] | undefined) ?? [1, 1];
  const inside = (axis: 0 | 1, count: number): number[] =>
    Array.from({ length: count }, (_, i) => {
      const start = i * (strides.at(axis - 2) ?? 1) - pads[2 * axis];
      const places = Array.from({ length: kernel[axis] }, (__, k) => start + k * dilations[axis]);
      return places.filter((at) => at >= 0 && at < size[axis]).length;
    });
  const [down, across] = [inside(0, lines), inside(1, windows)];
  return Float32Array.from({ length: lines * windows }, (_, i) =>
    Math.fround(down[Math.floor(i / windows)] * across[i % windows]),
  );
}

export const windows: Record<string, Binder> = {
  ConvFloat: convFloat,
  ConvIntegerToFloat: convInteger,
  DepthwiseConvFloat: depthwiseFloat,
  MaxPoolChannelsLast: maxPool,
  AveragePoolChannelsLast: averagePool,
  Pad: pad,
};
