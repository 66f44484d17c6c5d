// Shape rules of operators that move elements or look at shapes: reshape, transpose, slice, join, gather.

import {
  add,
  type Dim,
  divideExactly,
  floorDiv,
  format,
  isConstant,
  max,
  min,
  mul,
  product,
  sub,
} from "../dim.ts";
import { expandValue } from "./elementwise.ts";
import {
  broadcast,
  ceilSteps,
  clampSize,
  type Facts,
  fact,
  type Rules,
  type Shape,
  type Site,
} from "./site.ts";

/** Axes from an attribute (old operator sets) or an input; undefined when given but not known. */
export function axesOf(site: Site, input: number): readonly number[] | "none" | undefined {
  const attribute = site.numbers("axes");
  if (attribute) return attribute;
  return site.has(input) ? site.constants(input) : "none";
}

function shape(site: Site): Facts {
  const dims = site.dims(0);
  if (!dims) return [fact("int64", undefined)];
  const start = clip(site.number("start", 0), dims.length);
  const end = clip(site.number("end", dims.length), dims.length);
  const value = dims.slice(start, end);
  return [fact("int64", [value.length], value)];
}

function clip(place: number, rank: number): number {
  return Math.min(rank, Math.max(0, place < 0 ? place + rank : place));
}

function reshape(site: Site): Facts {
  const from = site.dims(0);
  const wanted = site.value(1) ?? site.numbers("shape");
  if (!wanted) return site.like(0, undefined);
  const keepsZero = site.number("allowzero", 0) === 0;
  const dims = wanted.map((dim, i) => (dim === 0 && keepsZero ? from?.[i] : dim));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = from && remaining(site, from, dims.toSpliced(open, 1));
  if (!dims.every((dim) => dim !== undefined)) return site.like(0, undefined);
  checkElements(site, from, dims);
  return site.like(0, dims, site.value(0));
}

/** The size that −1 stands for. */
function remaining(site: Site, from: readonly Dim[], others: readonly (Dim | undefined)[]): Dim | undefined {
  if (!others.every((dim) => dim !== undefined)) return undefined;
  const [total, known] = [product(from), product(others)];
  if (known === 0) return 0;
  const exact = divideExactly(total, known);
  if (exact === undefined && isConstant(total) && isConstant(known))
    site.fail(`a number of elements that ${known} divides`, `${total}`);
  return exact ?? floorDiv(total, known);
}

function checkElements(site: Site, from: Shape, to: readonly Dim[]): void {
  if (!from) return;
  const [before, after] = [product(from), product(to)];
  if (isConstant(before) && isConstant(after) && before !== after)
    site.fail(`a shape of ${before} elements`, `[${to.map(format).join(", ")}]`);
}

function transpose(site: Site): Facts {
  const dims = site.dims(0);
  if (!dims) return site.like(0, undefined);
  const order = site.numbers("perm") ?? dims.map((_, i) => dims.length - 1 - i);
  const sorted = order.toSorted((a, b) => a - b);
  if (sorted.length !== dims.length || sorted.some((axis, i) => axis !== i))
    site.fail(`a permutation of ${dims.length} axes`, `[${order.join(", ")}]`);
  return site.like(
    0,
    order.map((axis) => dims[axis]),
    dims.length < 2 ? site.value(0) : undefined,
  );
}

function squeeze(site: Site): Facts {
  const [dims, given] = [site.dims(0), axesOf(site, 1)];
  if (!dims || !given) return site.like(0, undefined);
  const axes = new Set(given === "none" ? [] : given.map((axis) => site.axis(axis, dims.length)));
  for (const axis of axes)
    if (isConstant(dims[axis]) && dims[axis] !== 1)
      site.fail("size 1 on a squeezed axis", `${dims[axis]} on ${axis}`);
  const kept = given === "none" ? dims.filter((dim) => dim !== 1) : dims.filter((_, i) => !axes.has(i));
  return site.like(0, kept, site.value(0));
}

function unsqueeze(site: Site): Facts {
  const [dims, given] = [site.dims(0), axesOf(site, 1)];
  if (!dims || !given || given === "none") return site.like(0, undefined);
  const rank = dims.length + given.length;
  const axes = new Set(given.map((axis) => site.axis(axis, rank)));
  if (axes.size !== given.length) site.fail("different axes", `[${given.join(", ")}]`);
  const rest = [...dims];
  return site.like(
    0,
    Array.from({ length: rank }, (_, i) => (axes.has(i) ? 1 : rest.shift()!)),
    site.value(0),
  );
}

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
  const axes = axesOf(site, 3);
  const steps = site.has(4) ? site.constants(4) : starts?.map(() => 1);
  if (!starts || !ends || !axes || !steps) return undefined;
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
  let value = site.value(0);
  slices.axes.forEach((axis, i) => {
    const [start, end, step] = [slices.starts[i], slices.ends[i], slices.steps[i]];
    if (step === 0) site.fail("a step other than 0", "0");
    const from = place(start, dims[axis], step);
    const to = place(end, dims[axis], step);
    result[axis] = clampSize(step > 0 ? ceilSteps(sub(to, from), step) : ceilSteps(sub(from, to), -step));
    value = dims.length === 1 && value ? pick(value, from, result[axis], step) : undefined;
  });
  return site.like(0, result, value);
}

/** A start or end counted from the front and held in the range a slice of this direction may have. */
function place(at: Dim, size: Dim, step: number): Dim {
  // Ends that exporters write for "to the end" would make no difference but hide it.
  if (isConstant(at) && at >= 2 ** 31 - 1) return step > 0 ? size : sub(size, 1);
  if (isConstant(at) && at <= -(2 ** 31 - 1)) return step > 0 ? 0 : -1;
  const counted = isConstant(at) && at < 0 ? add(at, size) : at;
  return step > 0 ? max(0, min(counted, size)) : max(-1, min(counted, sub(size, 1)));
}

function pick(value: readonly Dim[], from: Dim, count: Dim, step: number): readonly Dim[] | undefined {
  if (!isConstant(from) || !isConstant(count)) return undefined;
  return Array.from({ length: count }, (_, i) => value[from + i * step]);
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

function gatherNd(site: Site): Facts {
  const [dims, indices] = [site.dims(0), site.dims(1)];
  const batch = site.number("batch_dims", 0);
  const depth = indices?.at(-1);
  if (!dims || !indices || depth === undefined || !isConstant(depth)) return site.like(0, undefined);
  return site.like(0, [...indices.slice(0, -1), ...dims.slice(batch + depth)]);
}

function expand(site: Site): Facts {
  const dims = broadcast(site, [site.dims(0), site.value(1)]);
  const value = site.value(0);
  return site.like(0, dims, dims && value && expandValue(value, site.dims(0)!, dims));
}

function flatten(site: Site): Facts {
  const dims = site.dims(0);
  if (!dims) return site.like(0, undefined);
  const axis = clip(site.number("axis", 1), dims.length);
  return site.like(0, [product(dims.slice(0, axis)), product(dims.slice(axis))]);
}

function pad(site: Site): Facts {
  const dims = site.dims(0);
  const pads = site.numbers("pads") ?? site.value(1);
  const given = site.has(3) ? site.constants(3) : dims?.map((_, i) => i);
  if (!dims || !pads || !given) return site.like(0, undefined);
  if (pads.length !== 2 * given.length) site.fail(`${2 * given.length} pads`, `${pads.length}`);
  const result = [...dims];
  given.forEach((axis, i) => {
    const at = site.axis(axis, dims.length);
    result[at] = clampSize(add(dims[at], add(pads[i], pads[i + given.length])));
  });
  return site.like(0, result);
}

function tile(site: Site): Facts {
  const [dims, repeats] = [site.dims(0), site.value(1)];
  if (!dims || !repeats) return site.like(0, undefined);
  return site.like(
    0,
    dims.map((dim, i) => mul(dim, repeats[i])),
  );
}

/** Blocks of channels to squares of pixels (1) or back (−1). */
function depthSpace(direction: 1 | -1) {
  return (site: Site): Facts => {
    const dims = site.ranked(0, 4);
    if (!dims) return site.like(0, undefined);
    const block = site.number("blocksize", 1);
    const [n, c, h, w] = dims;
    return direction === 1
      ? site.like(0, [n, floorDiv(c, block * block), mul(h, block), mul(w, block)])
      : site.like(0, [n, mul(c, block * block), floorDiv(h, block), floorDiv(w, block)]);
  };
}

export const movement: Rules = {
  Shape: shape,
  Size: (site) => [fact("int64", [], site.dims(0) && [product(site.dims(0)!)])],
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Concat: concat,
  Split: split,
  Slice: slice,
  Gather: gather,
  GatherElements: (site) => site.like(0, site.dims(1)),
  GatherND: gatherNd,
  Expand: expand,
  Flatten: flatten,
  Pad: pad,
  Tile: tile,
  DepthToSpace: depthSpace(1),
  SpaceToDepth: depthSpace(-1),
  ReverseSequence: (site) => site.like(0, site.dims(0)),
  Compress: (site) => site.like(0, undefined),
  NonZero: (_site) => [fact("int64", undefined)],
};
