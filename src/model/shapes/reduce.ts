// Shape rules of operators that take axes away: reductions, arg-max, top-k.

import { add, type Dim, max, min, mul } from "../dim.ts";
import { type Facts, fact, type Rule, type Rules, type Shape, type Site } from "./site.ts";

function reduceDims(site: Site, axes: readonly number[] | undefined): Shape {
  const dims = site.dims(0);
  if (!dims) return undefined;
  const gone = new Set(axes?.map((axis) => site.axis(axis, dims.length)) ?? dims.keys());
  return site.number("keepdims", 1)
    ? dims.map((dim, i) => (gone.has(i) ? 1 : dim))
    : dims.filter((_, i) => !gone.has(i));
}

/** `operation` folds the elements of a known vector. */
function reduce(operation?: (a: Dim, b: Dim) => Dim): Rule {
  return (site) => {
    const axes = site.axes(1);
    if (axes === undefined) return site.like(0, undefined);
    const none = axes === "none" || axes.length === 0;
    if (none && site.number("noop_with_empty_axes", 0)) return site.like(0, site.dims(0), site.value(0));
    const dims = reduceDims(site, none ? undefined : axes);
    const value = site.value(0);
    const total =
      operation && value && value.length > 0 && (site.dims(0)?.length ?? 2) <= 1
        ? [value.reduce(operation)]
        : undefined;
    return site.like(0, dims, total);
  };
}

function argument(site: Site): Facts {
  return [fact("int64", reduceDims(site, [site.number("axis", 0)]))];
}

function topK(site: Site): Facts {
  const [dims, count] = [site.dims(0), site.value(1)?.[0] ?? site.node.attributes.k];
  const known = dims && (typeof count === "number" || (count as Dim | undefined) !== undefined);
  if (!known) return [...site.like(0, undefined), fact("int64", undefined)];
  const axis = site.axis(site.number("axis", -1), dims.length);
  const result = dims.with(axis, count as Dim);
  return [...site.like(0, result), fact("int64", result)];
}

const plain = "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceSumSquare";

export const reductions: Rules = {
  ...Object.fromEntries(plain.split(" ").map((name) => [name, reduce()])),
  ReduceProd: reduce(mul),
  ReduceSum: reduce(add),
  ReduceMax: reduce(max),
  ReduceMin: reduce(min),
  ArgMax: argument,
  ArgMin: argument,
  TopK: topK,
};
