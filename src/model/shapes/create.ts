// Shape rules of operators that make values of their own: constants, ranges, filled tensors.

import { Tensor } from "../../tensor/tensor.ts";
import { add, type Dim, isConstant, mul, product, sub } from "../dim.ts";
import type { Layout } from "../graph.ts";
import { panelType } from "../panels.ts";
import { ceilSteps, type Fact, type Facts, fact, longestValue, type Rules, type Site } from "./site.ts";

/** The fact of a constant: its type, its dims, and its elements where they may be sizes. */
export function constantFact(tensor: Tensor, layout?: Layout): Fact {
  if (layout) return fact(panelType(tensor), layout.dims);
  const followed =
    tensor.size <= longestValue &&
    (tensor.dtype === "int64" || tensor.dtype === "int32" || tensor.dtype === "bool");
  return fact(tensor.dtype, tensor.dims, followed ? tensor.numbers() : undefined);
}

function constant(site: Site): Facts {
  const {
    value,
    value_int: int,
    value_ints: ints,
    value_float: float,
    value_floats: floats,
  } = site.node.attributes;
  if (value instanceof Tensor) return [constantFact(value)];
  if (typeof int === "number") return [fact("int64", [], [int])];
  if (Array.isArray(ints)) return [fact("int64", [ints.length], ints as number[])];
  if (typeof float === "number") return [fact("float32", [])];
  if (Array.isArray(floats)) return [fact("float32", [floats.length])];
  return [undefined];
}

function filled(site: Site): Facts {
  const fill = site.node.attributes.value;
  const dims = site.value(0);
  const size = dims && product(dims);
  if (!(fill instanceof Tensor)) return [fact("float32", dims)];
  const known = size !== undefined && isConstant(size) && size <= longestValue;
  return [fact(fill.dtype, dims, known ? new Array<Dim>(size).fill(Number(fill.data[0])) : undefined)];
}

function range(site: Site): Facts {
  const [start, limit, step] = [0, 1, 2].map((input) => site.value(input)?.[0]);
  if (start === undefined || limit === undefined || step === undefined || !isConstant(step))
    return site.like(0, undefined);
  if (step === 0) site.fail("a step other than 0", "0");
  const count = site.clampSize(
    step > 0 ? ceilSteps(sub(limit, start), step) : ceilSteps(sub(start, limit), -step),
  );
  const value =
    isConstant(count) && count <= longestValue
      ? Array.from({ length: count }, (_, i) => add(start, mul(i, step)))
      : undefined;
  return site.like(0, [count], value);
}

export const create: Rules = {
  Constant: constant,
  ConstantOfShape: filled,
  Range: range,
};
