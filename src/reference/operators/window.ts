// The geometry of operators that slide a window over space or time: output sizes, padding, and where every
// place of every window reads.

import { sizeOf, stridesOf } from "../../tensor/tensor.ts";
import { type Inputs, misfit, numberOf, numbersOf, type OperatorContext, textOf } from "./operator.ts";

/** Not a position of the input: padding, which counts as part of a window … */
export const PADDING = -1;
/** … and what lies beyond the padding, reached by a last window that `ceil_mode` lets hang over. */
export const OUTSIDE = -2;

export interface Windows {
  /** Output sizes of the spatial axes. */
  dims: number[];
  /** Places of a window: the product of the kernel's sizes. */
  places: number;
  /** For window w and place p at w·places + p: position in one channel's space, PADDING or OUTSIDE. */
  from: Int32Array;
}

interface Axis {
  size: number;
  kernel: number;
  stride: number;
  dilation: number;
  begin: number;
  end: number;
  out: number;
}

/** @param sizes the spatial sizes of the input */
export function windowsOf(
  sizes: readonly number[],
  kernel: readonly number[],
  inputs: Inputs,
  context: OperatorContext,
): Windows {
  const axes = axesOf(sizes, kernel, inputs, context);
  const strides = stridesOf(sizes);
  const dims = axes.map(({ out }) => out);
  const places = sizeOf(kernel);
  const [outStrides, kernelStrides] = [stridesOf(dims), stridesOf(kernel)];
  const from = new Int32Array(sizeOf(dims) * places);
  axes.forEach(({ size, kernel: width, stride, dilation, begin, end, out }, axis) => {
    for (let i = 0; i < from.length; i++) {
      if (from[i] < 0) continue;
      const window = Math.floor(Math.floor(i / places) / outStrides[axis]) % out;
      const place = Math.floor((i % places) / kernelStrides[axis]) % width;
      const at = window * stride - begin + place * dilation;
      from[i] = at >= size + end ? OUTSIDE : at < 0 || at >= size ? PADDING : from[i] + at * strides[axis];
    }
  });
  return { dims, places, from };
}

function axesOf(
  sizes: readonly number[],
  kernel: readonly number[],
  inputs: Inputs,
  context: OperatorContext,
): Axis[] {
  const rank = sizes.length;
  const list = (name: string, length: number, otherwise: number) => {
    const given = numbersOf(context, name) ?? new Array<number>(length).fill(otherwise);
    if (given.length !== length) throw misfit(inputs, context, `${length} ${name}`, `${given.length}`);
    return given;
  };
  if (kernel.length !== rank) throw misfit(inputs, context, `a kernel of ${rank} sizes`, `${kernel.length}`);
  const [strides, dilations, pads] = [
    list("strides", rank, 1),
    list("dilations", rank, 1),
    list("pads", 2 * rank, 0),
  ];
  const automatic = textOf(context, "auto_pad", "NOTSET");
  const ceil = numberOf(context, "ceil_mode", 0) === 1;
  return sizes.map((size, i) => {
    const axis = { size, kernel: kernel[i], stride: strides[i], dilation: dilations[i] };
    const reach = (kernel[i] - 1) * dilations[i] + 1;
    if (automatic.startsWith("SAME")) {
      const out = Math.ceil(size / strides[i]);
      const total = Math.max((out - 1) * strides[i] + reach - size, 0);
      const begin = automatic === "SAME_UPPER" ? Math.floor(total / 2) : Math.ceil(total / 2);
      return { ...axis, begin, end: total - begin, out };
    }
    const [begin, end] = automatic === "VALID" ? [0, 0] : [pads[i], pads[i + rank]];
    const room = size + begin + end - reach;
    if (room < 0)
      throw misfit(inputs, context, `at least ${reach} values for the window`, `${size + begin + end}`);
    let last = ceil ? Math.ceil(room / strides[i]) : Math.floor(room / strides[i]);
    // A window that would begin in the padding after the end is left out.
    if (ceil && last * strides[i] >= size + begin) last--;
    return { ...axis, begin, end, out: last + 1 };
  });
}
