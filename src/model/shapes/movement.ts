// Shape rules of operators that look at shapes or change them and keep every element: reshape, transpose, expand.

import { stridesOf } from "../../tensor/tensor.ts";
import { type Dim, divideExactly, floorDiv, format, isConstant, product } from "../dim.ts";
import { expandValue, view } from "./follow.ts";
import { broadcast, type Facts, fact, type Rules, type Shape, type Site } from "./site.ts";

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
  const turned = order.map((axis) => dims[axis]);
  return site.like(0, turned, turnedValue(site.value(0), dims, order));
}

function turnedValue(
  value: readonly Dim[] | undefined,
  dims: readonly Dim[],
  order: readonly number[],
): Shape {
  if (!value || !dims.every(isConstant)) return undefined;
  const strides = stridesOf(dims);
  return view(
    value,
    order.map((axis) => dims[axis]),
    order.map((axis) => strides[axis]),
  );
}

function squeeze(site: Site): Facts {
  const [dims, given] = [site.dims(0), site.axes(1)];
  if (!dims || !given) return site.like(0, undefined);
  const axes = new Set(given === "none" ? [] : given.map((axis) => site.axis(axis, dims.length)));
  for (const axis of axes)
    if (isConstant(dims[axis]) && dims[axis] !== 1)
      site.fail("size 1 on a squeezed axis", `${dims[axis]} on ${axis}`);
  const kept = given === "none" ? dims.filter((dim) => dim !== 1) : dims.filter((_, i) => !axes.has(i));
  return site.like(0, kept, site.value(0));
}

function unsqueeze(site: Site): Facts {
  const [dims, given] = [site.dims(0), site.axes(1)];
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

function expand(site: Site): Facts {
  const dims = broadcast(site, [site.dims(0), site.value(1)]);
  return site.like(0, dims, expandValue(site.value(0), site.dims(0), dims));
}

function flatten(site: Site): Facts {
  const dims = site.dims(0);
  if (!dims) return site.like(0, undefined);
  const axis = clip(site.number("axis", 1), dims.length);
  return site.like(0, [product(dims.slice(0, axis)), product(dims.slice(axis))]);
}

export const movement: Rules = {
  Shape: shape,
  Size: (site) => [fact("int64", [], site.dims(0) && [product(site.dims(0)!)])],
  Reshape: reshape,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
  Flatten: flatten,
};
