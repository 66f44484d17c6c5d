// Shape rules of operators that slide a window over space or time: convolutions and pooling.

import { sizeOf } from "../../tensor/tensor.ts";
import { add, ceilDiv, type Dim, floorDiv, format, isConstant, mul, sub } from "../dim.ts";
import { type Facts, fact, type Rule, type Rules, type Shape, type Site } from "./site.ts";

interface Window {
  kernel: readonly Dim[];
  strides: readonly number[];
  dilations: readonly number[];
  /** Begins, then ends. */
  pads: readonly number[];
  /** NOTSET, VALID, SAME_UPPER, SAME_LOWER */
  automatic: string;
  ceil: boolean;
}

function windowOf(site: Site, kernel: readonly Dim[]): Window {
  const rank = kernel.length;
  const listed = (name: string, length: number, otherwise: number) => {
    const list = site.numbers(name) ?? new Array<number>(length).fill(otherwise);
    if (list.length !== length) site.fail(`${length} ${name}`, `${list.length}`);
    return list;
  };
  return {
    kernel,
    strides: listed("strides", rank, 1),
    dilations: listed("dilations", rank, 1),
    pads: listed("pads", 2 * rank, 0),
    automatic: site.text("auto_pad", "NOTSET"),
    ceil: site.number("ceil_mode", 0) === 1,
  };
}

/** floor((in + pads − ((kernel − 1)·dilation + 1)) / stride) + 1 for each axis. */
function slide(site: Site, sizes: readonly Dim[], window: Window): readonly Dim[] {
  const { kernel, strides, dilations, pads, automatic, ceil } = window;
  return sizes.map((size, i) => {
    if (automatic.startsWith("SAME")) return ceilDiv(size, strides[i]);
    const padding = automatic === "VALID" ? 0 : pads[i] + pads[i + sizes.length];
    const reach = add(mul(sub(kernel[i], 1), dilations[i]), 1);
    const room = sub(add(size, padding), reach);
    if (isConstant(room) && room < 0)
      site.fail(`a window that fits axis ${i}`, `${format(reach)} of ${format(add(size, padding))}`);
    const last = ceil ? lastWindow(room, size, strides[i], pads[i]) : floorDiv(room, strides[i]);
    return add(last, 1);
  });
}

/** With ceil_mode the last window may hang over the end, but may not begin in the padding behind it. */
function lastWindow(room: Dim, size: Dim, stride: number, begin: number): Dim {
  const last = ceilDiv(room, stride);
  return isConstant(last) && isConstant(size) && last * stride >= size + begin ? last - 1 : last;
}

/** x [batch, channels, ..], weight [out, channels / groups, ..] */
function convolveDims(site: Site, x: number, w: number): Shape {
  const [dims, weight] = [site.dims(x), site.dims(w)];
  if (!dims || !weight) return undefined;
  if (dims.length < 3 || weight.length !== dims.length)
    site.fail(`a weight of rank ${dims.length} ≥ 3`, `rank ${weight.length}`);
  site.same(mul(weight[1], site.number("group", 1)), dims[1], "channels");
  return [dims[0], weight[0], ...slide(site, dims.slice(2), windowOf(site, weight.slice(2)))];
}

/** Weight [channels, out / groups, ..]; (in − 1)·stride + (kernel − 1)·dilation + 1 + output padding − pads. */
function transposedConvolution(site: Site): Facts {
  const [dims, weight] = [site.dims(0), site.dims(1)];
  if (!dims || !weight) return site.like(0, undefined);
  site.same(dims[1], weight[0], "channels");
  const { kernel, strides, dilations, pads, automatic } = windowOf(site, weight.slice(2));
  const rank = kernel.length;
  const extra = site.numbers("output_padding") ?? new Array<number>(rank).fill(0);
  const sizes = dims.slice(2).map((size, i) => {
    if (automatic.startsWith("SAME")) return mul(size, strides[i]);
    const padding = automatic === "VALID" ? 0 : pads[i] + pads[i + rank];
    const reach = add(mul(sub(kernel[i], 1), dilations[i]), 1);
    return add(mul(sub(size, 1), strides[i]), add(reach, extra[i] - padding));
  });
  return site.like(0, [
    dims[0],
    mul(weight[1], site.number("group", 1)),
    ...(site.numbers("output_shape") ?? sizes),
  ]);
}

function pool(outputs: "one" | "with indices"): Rule {
  return (site) => {
    const dims = site.dims(0);
    const kernel = site.numbers("kernel_shape");
    if (!dims || !kernel) return site.like(0, undefined);
    if (kernel.length !== dims.length - 2)
      site.fail(`a kernel of ${dims.length - 2} sizes`, `${kernel.length}`);
    const result = [dims[0], dims[1], ...slide(site, dims.slice(2), windowOf(site, kernel))];
    return [...site.like(0, result), ...(outputs === "one" ? [] : [fact("int64", result)])];
  };
}

const globalPool: Rule = (site) =>
  site.like(
    0,
    site.dims(0)?.map((dim, i) => (i < 2 ? dim : 1)),
  );

/** x [batch, space.., channels] → [batch, space′.., out]: the windows are the attributes'. */
function slideLast(site: Site, out: (channels: Dim, places: number) => Dim | undefined): Shape {
  const dims = site.dims(0);
  if (!dims) return undefined;
  const sizes = dims.slice(1, -1);
  const kernel = site.numbers("kernel_shape") ?? sizes.map(() => 1);
  if (dims.length < 3 || kernel.length !== sizes.length)
    site.fail(`[batch, ${kernel.length} sizes, channels]`, `rank ${dims.length}`);
  const spatial = slide(site, sizes, windowOf(site, kernel));
  const last = out(dims[dims.length - 1], sizeOf(kernel));
  return last === undefined ? undefined : [dims[0], ...spatial, last];
}

/** B [places·channels/groups, out] */
function convolveLast(site: Site): Shape {
  const b = site.ranked(1, 2);
  return slideLast(site, (channels, places) => {
    if (b) site.same(mul(channels, places), mul(b[0], site.number("group", 1)), "places · channels");
    return b?.[1];
  });
}

/** B [places, out] */
function depthwiseLast(site: Site): Shape {
  const b = site.ranked(1, 2);
  return slideLast(site, (_, places) => {
    if (b) site.same(places, b[0], "places");
    return b?.[1];
  });
}

const poolLast: Rule = (site) =>
  site.like(
    0,
    slideLast(site, (channels) => channels),
  );

/** Sizes given as an input or as scales times the input's. */
function resize(site: Site): Facts {
  const dims = site.dims(0);
  const sizes = site.has(3) ? site.value(3) : undefined;
  return site.like(0, dims && sizes?.length === dims.length ? sizes : undefined);
}

export const windows: Rules = {
  Conv: (site) => site.like(0, convolveDims(site, 0, 1)),
  ConvInteger: (site) => [fact("int32", convolveDims(site, 0, 1))],
  ConvFloat: (site) => [fact("float32", convolveLast(site))],
  ConvIntegerToFloat: (site) => [fact("float32", convolveLast(site))],
  ConvInteger16ToFloat: (site) => [fact("float32", convolveLast(site))],
  ConvInteger16: (site) => [fact("int16", convolveLast(site))],
  DepthwiseConvFloat: (site) => [fact("float32", depthwiseLast(site))],
  ConvQuantized: (site) => [fact(site.type("dtype", "uint8") ?? "uint8", convolveLast(site))],
  DepthwiseConvQuantized: (site) => [fact(site.type("dtype", "uint8") ?? "uint8", depthwiseLast(site))],
  MaxPoolChannelsLast: poolLast,
  AveragePoolChannelsLast: poolLast,
  /** x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias */
  QLinearConv: (site) => [site.inputs[7] && fact(site.inputs[7].dtype, convolveDims(site, 0, 3))],
  ConvTranspose: transposedConvolution,
  MaxPool: pool("with indices"),
  AveragePool: pool("one"),
  LpPool: pool("one"),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  Resize: resize,
};
