// Convolutions and pools over [batch, space.., channels]. A window's values, place by place, are then runs of memory,
// and a convolution is a matrix product of windows; a sum runs over the places, in each over the channels.

import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { type ChannelWindows, depthwiseF32, windowMax } from "../depthwise.ts";
import { limit } from "../elementwise-functions.ts";
import { matmulF32 } from "../matmul.ts";
import {
  dataOf,
  floats,
  type Inputs,
  misfit,
  numberOf,
  numbersOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";
import { integerToFloat } from "./products.ts";
import { windowsOf } from "./window.ts";

/** The windows over all images of a batch. */
interface Geometry extends ChannelWindows {
  /** Sizes of the result but for its channels. */
  dims: number[];
}

/** Windows of `kernel_shape`, `strides`, `dilations` and `pads` over the space of input 0. */
export function geometryOf(inputs: Inputs, context: OperatorContext): Geometry {
  const { dims } = required(inputs, 0, context);
  const [batch, sizes, channels] = [dims[0], dims.slice(1, -1), dims.at(-1) as number];
  const kernel = numbersOf(context, "kernel_shape") ?? sizes.map(() => 1);
  const windows = windowsOf(sizes, kernel, inputs, context);
  const space = sizeOf(sizes);
  const from = new Int32Array(batch * windows.from.length);
  for (let i = 0; i < from.length; i++) {
    const at = windows.from[i % windows.from.length];
    from[i] = at < 0 ? at : at + Math.floor(i / windows.from.length) * space;
  }
  return { from, places: windows.places, channels, dims: [batch, ...windows.dims] };
}

/** The windows of one group of channels as the rows of a matrix [windows, places·channels/groups]. */
export function windowRows<T extends Uint8Array | Int16Array | Float32Array>(
  x: T,
  { from, channels }: ChannelWindows,
  padding: number,
  group = 0,
  groups = 1,
): T {
  const width = channels / groups;
  const make = x.constructor as new (length: number) => T;
  const rows = new make(from.length * width);
  rows.fill(padding);
  from.forEach((at, i) => {
    const start = at * channels + group * width;
    if (at >= 0) rows.set(x.subarray(start, start + width), i * width);
  });
  return rows;
}

/** One product for each group: its windows and its columns of W [places·channels/groups, out] → [windows, out]. */
export function byGroups<T extends Float32Array | Int32Array>(
  w: Tensor,
  groups: number,
  y: T,
  product: (group: number, columns: { start: number; end: number }) => T,
): T {
  const out = w.dims[1];
  const width = out / groups;
  for (let group = 0; group < groups; group++) {
    const part = product(group, { start: group * width, end: (group + 1) * width });
    for (let i = 0; i < part.length; i++)
      y[Math.floor(i / width) * out + group * width + (i % width)] = part[i];
  }
  return y;
}

/** Columns of a row-major matrix. */
export function columnsOf<T extends Float32Array | Int8Array>(
  data: T,
  out: number,
  { start, end }: { start: number; end: number },
): T {
  return data.filter((_, i) => i % out >= start && i % out < end) as T;
}

/** Groups of a convolution with the matrix of input 1. */
export function groupsOf(
  { places, channels }: ChannelWindows,
  inputs: Inputs,
  context: OperatorContext,
): number {
  const groups = numberOf(context, "group", 1);
  const { dims } = required(inputs, 1, context);
  if (dims.length !== 2 || dims[0] * groups !== places * channels || dims[1] % groups !== 0)
    throw misfit(inputs, context, `a matrix of ${places}·${channels}/${groups} rows`, `[${dims.join(", ")}]`);
  return groups;
}

/** Each value limited to the attributes `low` … `high`: a fused Relu or Clip. */
function activated(y: Float32Array, context: OperatorContext): Float32Array {
  return limit(y, numberOf(context, "low", -Infinity), numberOf(context, "high", Infinity));
}

/** x, W [places·channels/groups, out], bias [out]? */
const convFloat: ReferenceOperator = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  const groups = groupsOf(geometry, inputs, context);
  const [x, w] = [floats(inputs, 0, context), floats(inputs, 1, context)];
  const bias = inputs[2] && floats(inputs, 2, context);
  const [k, out] = required(inputs, 1, context).dims;
  const count = sizeOf(geometry.dims);
  const product = (group: number, columns: { start: number; end: number }) =>
    matmulF32(
      windowRows(x, geometry, 0, group, groups),
      columnsOf(w, out, columns),
      [count, out / groups, k],
      bias?.subarray(columns.start, columns.end),
    );
  const y = byGroups(required(inputs, 1, context), groups, new Float32Array(count * out), product);
  return [tensorOf("float32", activated(y, context), [...geometry.dims, out])];
};

/** Padding is A's zero point: it stands for 0. */
const convIntegerToFloat: ReferenceOperator = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  groupsOf(geometry, inputs, context);
  const x = dataOf(required(inputs, 0, context)) as Uint8Array;
  const rows = windowRows(x, geometry, inputs[4]?.numbers()[0] ?? 0);
  const out = required(inputs, 1, context).dims[1];
  const y = integerToFloat(rows, [...geometry.dims, out], inputs, context);
  return [inputs[ADDEND] ? added(y, inputs, context) : y];
};

/** Position of what is added to the result, of the same sizes. */
const ADDEND = 7;

function added(y: Tensor, inputs: Inputs, context: OperatorContext): Tensor {
  const { dims } = required(inputs, ADDEND, context);
  if (String(dims) !== String(y.dims)) throw misfit(inputs, context, `input 7 as [${y.dims}]`, `[${dims}]`);
  const more = floats(inputs, ADDEND, context);
  return tensorOf(
    "float32",
    (y.data as Float32Array).map((value, i) => value + more[i]),
    dims,
  );
}

/** x, W [places, out], bias [out]?; out is a multiple of the channels. */
const depthwiseConvFloat: ReferenceOperator = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  const [x, w] = [floats(inputs, 0, context), floats(inputs, 1, context)];
  const out = depthwiseOut(geometry, inputs, context);
  const y = depthwiseF32(x, w, geometry, inputs[2] && floats(inputs, 2, context));
  return [tensorOf("float32", activated(y, context), [...geometry.dims, out])];
};

/** Channels of a depthwise convolution's result. */
export function depthwiseOut(
  { places, channels }: ChannelWindows,
  inputs: Inputs,
  context: OperatorContext,
): number {
  const { dims } = required(inputs, 1, context);
  if (dims.length !== 2 || dims[0] !== places || dims[1] % channels !== 0)
    throw misfit(inputs, context, `weights [${places}, a multiple of ${channels}]`, `[${dims.join(", ")}]`);
  return dims[1];
}

const smallest: Readonly<Record<string, number>> = { float32: -Infinity, uint8: 0, int8: -128 };

const maxPool: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const geometry = geometryOf(inputs, context);
  if (!(x.dtype in smallest)) throw misfit(inputs, context, Object.keys(smallest).join(", "), x.dtype);
  const y = windowMax(dataOf(x) as Float32Array, geometry, smallest[x.dtype]);
  return [tensorOf(x.dtype, y, [...geometry.dims, geometry.channels])];
};

/** Sum of each window in the order of places, divided by its number of values (of places with `count_include_pad`). */
const averagePool: ReferenceOperator = (inputs, context) => {
  const geometry = geometryOf(inputs, context);
  const { places, channels, from, dims } = geometry;
  const y = depthwiseF32(floats(inputs, 0, context), new Float32Array(places * channels).fill(1), geometry);
  const all = numberOf(context, "count_include_pad", 0) === 1;
  for (let i = 0; i < y.length; i++) {
    const window = Math.floor(i / channels) * places;
    y[i] /= all ? places : from.subarray(window, window + places).filter((at) => at >= 0).length;
  }
  return [tensorOf("float32", y, [...dims, channels])];
};

export const channelsLast: Operators = {
  ConvFloat: convFloat,
  ConvIntegerToFloat: convIntegerToFloat,
  DepthwiseConvFloat: depthwiseConvFloat,
  MaxPoolChannelsLast: maxPool,
  AveragePoolChannelsLast: averagePool,
};
