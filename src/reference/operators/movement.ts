// Operators that move elements and never change them: other orders, parts and joins.

import type { TypedArray } from "../../tensor/dtype.ts";
import { allocate, sizeOf, stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { walk } from "./broadcast.ts";
import {
  around,
  axisOf,
  dataOf,
  misfit,
  numberOf,
  numbersOf,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  textOf,
} from "./operator.ts";
import { listFrom } from "./reshaping.ts";

/** The elements at given positions; −1 is 0. */
export function pick(x: Tensor, from: Int32Array, dims: readonly number[]): Tensor {
  const data = dataOf(x);
  const y = allocate(x.dtype, from.length) as TypedArray;
  for (let i = 0; i < y.length; i++) if (from[i] >= 0) y[i] = data[from[i]] as never;
  return tensorOf(x.dtype, y, dims);
}

export function transposed(x: Tensor, order: readonly number[]): Tensor {
  const strides = stridesOf(x.dims);
  const dims = order.map((axis) => x.dims[axis]);
  return pick(
    x,
    walk(
      dims,
      order.map((axis) => strides[axis]),
    ),
    dims,
  );
}

const transpose: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const order = numbersOf(context, "perm") ?? x.dims.map((_, axis) => x.dims.length - 1 - axis);
  if (
    order.length !== x.dims.length ||
    new Set(order).size !== order.length ||
    order.some((axis) => !(axis in x.dims))
  )
    throw misfit(inputs, context, `an order of ${x.dims.length} axes`, order.join(", "));
  return [transposed(x, order)];
};

const concat: ReferenceOperator = (inputs, context) => {
  const tensors = inputs.map((_, i) => required(inputs, i, context));
  const first = required(inputs, 0, context);
  const axis = axisOf(numberOf(context, "axis", 0), first.dims.length, inputs, context);
  for (const { dtype, dims } of tensors)
    if (
      dtype !== first.dtype ||
      dims.length !== first.dims.length ||
      dims.some((dim, i) => i !== axis && dim !== first.dims[i])
    )
      throw misfit(inputs, context, `inputs alike but for axis ${axis}`, `${dtype} [${dims.join(", ")}]`);
  const dims = first.dims.with(
    axis,
    tensors.reduce((sum, tensor) => sum + tensor.dims[axis], 0),
  );
  const y = allocate(first.dtype, sizeOf(dims)) as TypedArray;
  const { outer } = around(dims, axis);
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (const tensor of tensors) {
      const length = tensor.size / outer;
      y.set(dataOf(tensor).subarray(row * length, (row + 1) * length) as never, at);
      at += length;
    }
  return [tensorOf(first.dtype, y, dims)];
};

const split: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const axis = axisOf(numberOf(context, "axis", 0), x.dims.length, inputs, context);
  const parts = numberOf(context, "num_outputs", context.node.outputs.length);
  const even = Math.ceil(x.dims[axis] / parts);
  const sizes =
    listFrom(inputs, 1, context, "split") ??
    Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(even, x.dims[axis] - i * even)));
  if (sizes.reduce((sum, size) => sum + size, 0) !== x.dims[axis])
    throw misfit(inputs, context, `parts of ${x.dims[axis]} together`, sizes.join(", "));
  const strides = stridesOf(x.dims);
  let start = 0;
  return sizes.map((size) => {
    const dims = x.dims.with(axis, size);
    const part = pick(x, walk(dims, strides, start * strides[axis]), dims);
    start += size;
    return part;
  });
};

/** Start, end and step of each axis; ends beyond the tensor mean its border. */
const slice: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const starts = listFrom(inputs, 1, context, "starts") ?? [];
  const ends = listFrom(inputs, 2, context, "ends") ?? [];
  const axes = listFrom(inputs, 3, context, "axes") ?? starts.map((_, axis) => axis);
  const steps = inputs[4]?.numbers() ?? starts.map(() => 1);
  if (steps.includes(0) || [ends, axes, steps].some((list) => list.length !== starts.length))
    throw misfit(
      inputs,
      context,
      "starts, ends, axes and steps ≠ 0 of one length",
      `steps ${steps.join(", ")}`,
    );
  const dims = [...x.dims];
  const strides = stridesOf(x.dims);
  let offset = 0;
  axes.forEach((given, i) => {
    const axis = axisOf(given, dims.length, inputs, context);
    const [size, step] = [x.dims[axis], steps[i]];
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const start = Math.min(Math.max(starts[i] < 0 ? starts[i] + size : starts[i], Math.max(low, 0)), high);
    const end = Math.min(Math.max(ends[i] < 0 ? ends[i] + size : ends[i], low), high);
    dims[axis] = Math.max(0, Math.ceil((end - start) / step));
    offset += dims[axis] > 0 ? start * strides[axis] : 0;
    strides[axis] *= step;
  });
  return [pick(x, walk(dims, strides, offset), dims)];
};

const expand: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const shape = required(inputs, 1, context).numbers();
  const rank = Math.max(shape.length, x.dims.length);
  const own = stridesOf(x.dims);
  const steps = new Array<number>(rank).fill(0);
  const dims = steps.map((_, axis) => {
    const wanted = shape[axis - rank + shape.length] ?? 1;
    const at = axis - rank + x.dims.length;
    const size = x.dims[at] ?? 1;
    if (size === 1) return wanted;
    if (wanted !== 1 && wanted !== size)
      throw misfit(inputs, context, "sizes that are equal or 1", `${size} and ${wanted}`);
    steps[axis] = own[at];
    return size;
  });
  return [pick(x, walk(dims, steps), dims)];
};

const tile: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const repeats = required(inputs, 1, context).numbers();
  if (repeats.length !== x.dims.length)
    throw misfit(inputs, context, `${x.dims.length} repeats`, `${repeats.length}`);
  const strides = stridesOf(x.dims);
  const wide = x.dims.flatMap((dim, axis) => [repeats[axis], dim]);
  const dims = x.dims.map((dim, axis) => dim * repeats[axis]);
  return [
    pick(
      x,
      walk(
        wide,
        strides.flatMap((stride) => [0, stride]),
      ),
      dims,
    ),
  ];
};

/** Where an index beyond 0 … size − 1 reads from; −1: from nowhere. */
const padding: Readonly<Record<string, (i: number, size: number) => number>> = {
  constant: (i, size) => (i >= 0 && i < size ? i : -1),
  edge: (i, size) => Math.min(Math.max(i, 0), size - 1),
  wrap: (i, size) => ((i % size) + size) % size,
  reflect: (i, size) => {
    const period = Math.max(2 * (size - 1), 1);
    const folded = ((i % period) + period) % period;
    return folded < size ? folded : period - folded;
  },
};

const pad: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const pads = listFrom(inputs, 1, context, "pads") ?? [];
  const axes = (inputs[3]?.numbers() ?? x.dims.map((_, axis) => axis)).map((axis) =>
    axisOf(axis, x.dims.length, inputs, context),
  );
  const place = padding[textOf(context, "mode", "constant")] ?? padding.constant;
  if (pads.length !== 2 * axes.length)
    throw misfit(inputs, context, `${2 * axes.length} pads`, `${pads.length}`);
  const begins = new Array<number>(x.dims.length).fill(0);
  const dims = [...x.dims];
  axes.forEach((axis, i) => {
    begins[axis] = pads[i];
    dims[axis] += pads[i] + pads[i + axes.length];
  });
  if (dims.some((dim) => dim < 0))
    throw misfit(inputs, context, "sizes that are not negative", dims.join(", "));
  const strides = stridesOf(x.dims);
  let from = Int32Array.of(0);
  dims.forEach((dim, axis) => {
    const next = new Int32Array(from.length * dim);
    for (let i = 0; i < next.length; i++) {
      const [row, at] = [from[Math.floor(i / dim)], place((i % dim) - begins[axis], x.dims[axis])];
      next[i] = row < 0 || at < 0 ? -1 : row + at * strides[axis];
    }
    from = next;
  });
  const fill = inputs[2] ? dataOf(inputs[2])[0] : numberOf(context, "value", 0);
  const [y] = [pick(x, from, dims)];
  if (Number(fill) !== 0) {
    const data = dataOf(y);
    for (let i = 0; i < data.length; i++) if (from[i] < 0) data[i] = fill as never;
  }
  return [y];
};

/** Depth is [blocks, blocks, channels] (DCR) or [channels, blocks, blocks] (CRD). */
const depthToSpace: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const [batch, depth, height, width] = x.dims;
  const block = numberOf(context, "blocksize", 1);
  const channels = depth / block ** 2;
  if (x.dims.length !== 4 || !Number.isInteger(channels))
    throw misfit(inputs, context, `[batch, channels·${block}², height, width]`, "others");
  const columnFirst = textOf(context, "mode", "DCR") === "CRD";
  const blocks = columnFirst
    ? [batch, channels, block, block, height, width]
    : [batch, block, block, channels, height, width];
  const order = columnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
  return [transposed(x.reshape(blocks), order).reshape([batch, channels, height * block, width * block])];
};

const spaceToDepth: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const [batch, channels, height, width] = x.dims;
  const block = numberOf(context, "blocksize", 1);
  if (x.dims.length !== 4 || height % block !== 0 || width % block !== 0)
    throw misfit(inputs, context, `[batch, channels, height·${block}, width·${block}]`, "others");
  const blocks = [batch, channels, height / block, block, width / block, block];
  const y = transposed(x.reshape(blocks), [0, 3, 5, 1, 2, 4]);
  return [y.reshape([batch, channels * block ** 2, height / block, width / block])];
};

/** Keeps the part on and above (upper) or below the k-th diagonal of the last two axes. */
const trilu: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const k = inputs[1]?.numbers()[0] ?? 0;
  const upper = numberOf(context, "upper", 1) === 1;
  const [rows, columns] = x.dims.slice(-2);
  if (x.dims.length < 2) throw misfit(inputs, context, "a matrix", `rank ${x.dims.length}`);
  const from = Int32Array.from({ length: x.size }, (_, i) => {
    const ahead = (i % columns) - (Math.floor(i / columns) % rows) - k;
    return (upper ? ahead >= 0 : ahead <= 0) ? i : -1;
  });
  return [pick(x, from, x.dims)];
};

export const movement: Operators = {
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  Expand: expand,
  Tile: tile,
  Pad: pad,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
};
