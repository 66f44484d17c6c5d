// Shape rules of operators that take elements out or put tensors together: slice, gather, split, join, pad.

import { stridesOf } from "../../tensor/tensor.ts";
import { add, atLeast, type Dim, floorDiv, format, isConstant, max, min, mul, sub } from "../dim.ts";
import { view } from "./follow.ts";
import { ceilSteps, type Facts, type Rules, type Shape, type Site } from "./site.ts";

function concat(site: Site): Facts {
  const shapes = site.inputs.map((input) => input?.dims);
  if (!shapes.every((dims) => dims !== undefined)) return site.like(0, undefined);
  const rank = shapes[0].length;
  const axis = site.axis(site.number("axis", 0), rank);
  const joined = [...shapes[0]];
  for (const dims of shapes.slice(1)) {
    if (dims.length !== rank) site.fail(`rank ${rank} for every input`, `rank ${dims.length}`);
    for (let i = 0; i < rank; i++)
      joined[i] = i === axis ? add(joined[i], dims[i]) : site.same(joined[i], dims[i], `sizes on axis ${i}`);
  }
  const values = site.inputs.map((input) => input?.value);
  return site.like(
    0,
    joined,
    rank === 1 && values.every((value) => value !== undefined) ? values.flat() : undefined,
  );
}

function split(site: Site): Facts {
  const dims = site.dims(0);
  const count = site.node.outputs.length;
  if (!dims) return site.node.outputs.flatMap(() => site.like(0, undefined));
  const axis = site.axis(site.number("axis", 0), dims.length);
  const sizes = site.numbers("split") ?? (site.has(1) ? site.value(1) : equalParts(dims[axis], count));
  if (!sizes) return site.node.outputs.flatMap(() => site.like(0, undefined));
  site.same(
    (sizes as readonly Dim[]).reduce(add, 0),
    dims[axis],
    `total of the parts and size of axis ${axis}`,
  );
  return sizes.flatMap((size) => site.like(0, dims.with(axis, size)));
}

/** Parts of one size, the last one smaller when it must be. */
function equalParts(size: Dim, count: number): readonly Dim[] {
  const part = floorDiv(add(size, count - 1), count);
  return Array.from({ length: count }, (_, i) => (i < count - 1 ? part : sub(size, mul(part, count - 1))));
}

interface Slices {
  starts: readonly Dim[];
  ends: readonly Dim[];
  axes: readonly number[];
  steps: readonly number[];
}

function slicesOf(site: Site, rank: number): Slices | undefined {
  const starts = site.numbers("starts") ?? site.value(1);
  const ends = site.numbers("ends") ?? site.value(2);
  const axes = site.axes(3);
  const steps = site.has(4) ? site.constants(4) : starts?.map(() => 1);
  if (!starts || !ends || !axes || !steps) return undefined;
  const lists = [starts, ends, steps, ...(axes === "none" ? [] : [axes])];
  if (lists.some(({ length }) => length !== starts.length))
    site.fail("as many ends, axes and steps as starts", lists.map(({ length }) => length).join(", "));
  return {
    starts,
    ends,
    steps,
    axes: (axes === "none" ? starts.map((_, i) => i) : axes).map((axis) => site.axis(axis, rank)),
  };
}

function slice(site: Site): Facts {
  const dims = site.dims(0);
  const slices = dims && slicesOf(site, dims.length);
  if (!slices) return site.like(0, undefined);
  const result = [...dims];
  const froms: Dim[] = dims.map(() => 0);
  const steps = dims.map(() => 1);
  slices.axes.forEach((axis, i) => {
    const step = slices.steps[i];
    if (step === 0) site.fail("a step other than 0", "0");
    const [from, to] = [slices.starts[i], slices.ends[i]].map((at) => place(site, at, dims[axis], step));
    [froms[axis], steps[axis]] = [from, step];
    result[axis] = site.clampSize(
      step > 0 ? ceilSteps(sub(to, from), step) : ceilSteps(sub(from, to), -step),
    );
  });
  return site.like(0, result, slicedValue(site.value(0), dims, result, froms, steps));
}

function slicedValue(
  value: readonly Dim[] | undefined,
  dims: readonly Dim[],
  result: readonly Dim[],
  froms: readonly Dim[],
  steps: readonly number[],
): Shape {
  if (!value || !dims.every(isConstant) || !froms.every(isConstant)) return undefined;
  const strides = stridesOf(dims);
  const offset = strides.reduce((sum, stride, axis) => sum + stride * froms[axis], 0);
  return view(
    value,
    result,
    strides.map((stride, axis) => stride * steps[axis]),
    offset,
  );
}

/**
 * A start or end counted from the front and held in the range a slice of this direction may have. One with
 * names in it counts from the end when it is certainly not positive, from the front otherwise.
 */
function place(site: Site, at: Dim, size: Dim, step: number): Dim {
  // What exporters write for "to the end" makes no difference but would hide it.
  if (isConstant(at) && at >= 2 ** 31 - 1) return step > 0 ? size : sub(size, 1);
  if (isConstant(at) && at <= -(2 ** 31 - 1)) return step > 0 ? 0 : -1;
  const fromEnd = isConstant(at) ? at < 0 : atLeast(0, at);
  const counted = fromEnd ? add(at, size) : at;
  return step > 0 ? site.clampSize(min(counted, size)) : max(-1, min(counted, sub(size, 1)));
}

function gather(site: Site): Facts {
  const [dims, indices] = [site.dims(0), site.dims(1)];
  if (!dims || !indices) return site.like(0, undefined);
  const axis = site.axis(site.number("axis", 0), dims.length);
  const [source, picked] = [site.value(0), site.constants(1)];
  const value =
    source && dims.length === 1
      ? picked?.map((index) => source[index < 0 ? index + source.length : index])
      : undefined;
  const outside = isConstant(dims[axis])
    ? picked?.find((index) => index < -(dims[axis] as number) || index >= (dims[axis] as number))
    : undefined;
  if (outside !== undefined) site.fail(`an index into ${format(dims[axis])} elements`, `${outside}`);
  return site.like(0, [...dims.slice(0, axis), ...indices, ...dims.slice(axis + 1)], value);
}

export const selection: Rules = {
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
};
