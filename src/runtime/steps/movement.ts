// Binders of the operators that move data without changing it.

import { elementBytes } from "../../tensor/dtype.ts";
import { sizeOf, stridesOf } from "../../tensor/tensor.ts";
import { fixedDims } from "../operand.ts";
import type { Binder, Site, Step } from "../step.ts";

/** At most four axes: what the copying kernels take. Elements of two bytes are an axis of bytes more. */
function copy(
  site: Site,
  from: number,
  to: number,
  dims: readonly number[],
  strides: readonly number[],
): Step | undefined {
  const width = elementBytes(site.outputs[0].dtype);
  const { copy_strided_8, copy_strided_32 } = site.kernels;
  const kernel = { 1: copy_strided_8, 2: copy_strided_8, 4: copy_strided_32 }[width];
  const sizes = width === 2 ? [...dims, 2] : dims;
  const steps = width === 2 ? [...strides.map((stride) => 2 * stride), 1] : strides;
  if (!kernel || sizes.length > 4) return undefined;
  const [d0, d1, d2, d3] = [...new Array<number>(4 - sizes.length).fill(1), ...sizes];
  const [s0, s1, s2, s3] = [...new Array<number>(4 - sizes.length).fill(0), ...steps];
  return () => kernel(from, to, d0, d1, d2, d3, s0, s1, s2, s3);
}

const transpose: Binder = {
  bind(site) {
    const dims = fixedDims(site.inputs[0]);
    if (!dims) return undefined;
    const perm =
      (site.node.attributes.perm as number[] | undefined) ?? dims.map((_, axis) => dims.length - 1 - axis);
    const strides = stridesOf(dims);
    const turn = (values: readonly number[]): number[] => perm.map((axis) => values[axis]);
    return copy(site, site.inputs[0]!.pointer, site.outputs[0].pointer, turn(dims), turn(strides));
  },
};

/** Slices with constant bounds: first element and a stride per axis. */
const slice: Binder = {
  bind(site) {
    const [dims, out] = [fixedDims(site.inputs[0]), fixedDims(site.outputs[0])];
    const constants = [1, 3, 4].map((index) => site.constant(index)?.numbers());
    const [starts, axes = starts?.map((_, index) => index), steps = starts?.map(() => 1)] = constants;
    if (!dims || !out || !starts || !axes || !steps) return undefined;
    if ([axes, steps].some(({ length }) => length !== starts.length)) return undefined;
    if ([3, 4].some((index) => site.inputs[index] && !site.constant(index))) return undefined;
    const strides = stridesOf(dims);
    let first = 0;
    axes.forEach((given, index) => {
      const axis = given < 0 ? given + dims.length : given;
      const [size, step] = [dims[axis], steps[index]];
      const start = starts[index] < 0 ? starts[index] + size : starts[index];
      first += Math.min(Math.max(start, 0), step < 0 ? size - 1 : size) * strides[axis];
      strides[axis] *= step;
    });
    const from = site.inputs[0]!.pointer + first * elementBytes(site.inputs[0]!.dtype);
    return copy(site, from, site.outputs[0].pointer, out, strides);
  },
};

/** Each part is a block of columns: rows of one part are copied to rows of the whole. */
const concat: Binder = {
  bind(site) {
    const parts = site.inputs.map(fixedDims);
    const out = fixedDims(site.outputs[0]);
    if (!out || parts.some((part) => !part)) return undefined;
    const given = site.node.attributes.axis as number;
    const axis = given < 0 ? given + out.length : given;
    const bytes = elementBytes(site.outputs[0].dtype);
    const rows = sizeOf(out.slice(0, axis));
    const rowBytes = (dims: readonly number[]): number => sizeOf(dims.slice(axis)) * bytes;
    const stride = rowBytes(out);
    let offset = 0;
    const blocks = parts.map((dims, index) => {
      const block = {
        from: site.inputs[index]!.pointer,
        to: site.outputs[0].pointer + offset,
        bytes: rowBytes(dims!),
      };
      offset += block.bytes;
      return block;
    });
    if (bytes === 4 && blocks.every((block) => block.bytes <= SMALL)) return copyWords(blocks, rows, stride);
    return ({ views }) => {
      for (const block of blocks)
        for (let row = 0; row < rows; row++) {
          const from = block.from + row * block.bytes;
          views.u8.copyWithin(block.to + row * stride, from, from + block.bytes);
        }
    };
  },
};

/** Rows so short that a call for each costs more than its bytes. */
const SMALL = 64;

function copyWords(
  blocks: readonly { from: number; to: number; bytes: number }[],
  rows: number,
  stride: number,
): Step {
  return ({ views: { i32 } }) => {
    for (const block of blocks) {
      const words = block.bytes >> 2;
      let from = block.from >> 2;
      for (let row = 0, to = block.to >> 2; row < rows; row++, to += stride >> 2)
        for (let i = 0; i < words; i++) i32[to + i] = i32[from++];
    }
  };
}

export const movement: Record<string, Binder> = {
  Transpose: transpose,
  Slice: slice,
  Concat: concat,
};
