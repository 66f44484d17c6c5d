// Shape rules of operators that make values of their own: constants, ranges, filled tensors.

import { Tensor } from "../../tensor/tensor.ts";
import { add, type Dim, floorDiv, isConstant, mul, product, sub } from "../dim.ts";
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

function oneHot(site: Site): Facts {
  const [indices, depth, type] = [site.dims(0), site.value(1)?.[0], site.inputs[2]?.dtype];
  if (!type) return [undefined];
  if (!indices || depth === undefined) return [fact(type, undefined)];
  const axis = site.axis(site.number("axis", -1), indices.length + 1);
  return [fact(type, indices.toSpliced(axis, 0, depth))];
}

/** Windows of the cosine family: one size in, that many values out. */
function cosineWindow(site: Site): Facts {
  const type = site.type("output_datatype", "float32");
  const size = site.value(0)?.[0];
  return [type && fact(type, size === undefined ? undefined : [size])];
}

/** Real or complex [.., time, 1 or 2] → [.., bins, 2] along `axis` (operator sets 17: attribute, 20: input). */
function fourier(site: Site): Facts {
  const dims = site.dims(0);
  const at =
    site.constants(2)?.[0] ?? site.number("axis", site.has(2) ? Number.NaN : site.opset >= 20 ? -2 : 1);
  if (!dims || Number.isNaN(at)) return site.like(0, undefined);
  const axis = site.axis(at, dims.length);
  const length = site.has(1) ? site.value(1)?.[0] : dims[axis];
  if (length === undefined) return site.like(0, undefined);
  const bins = site.number("onesided", 0) === 1 ? add(floorDiv(length, 2), 1) : length;
  return site.like(0, dims.with(axis, bins).with(-1, 2));
}

/** Signal [batch, time, 1 or 2] → [batch, frames, bins, 2]. */
function shortFourier(site: Site): Facts {
  const [signal, step] = [site.dims(0), site.constants(1)?.[0]];
  const length = site.value(3)?.[0] ?? site.dims(2)?.[0];
  if (!signal || step === undefined || length === undefined) return site.like(0, undefined);
  const bins = site.number("onesided", 1) === 1 ? add(floorDiv(length, 2), 1) : length;
  return site.like(0, [signal[0], add(floorDiv(sub(signal[1], length), step), 1), bins, 2]);
}

function randomLike(site: Site): Facts {
  const type = site.type("dtype", site.inputs[0]?.dtype ?? "float32");
  return [type && fact(type, site.node.inputs.length > 0 ? site.dims(0) : site.numbers("shape"))];
}

export const create: Rules = {
  Constant: constant,
  ConstantOfShape: filled,
  Range: range,
  OneHot: oneHot,
  EyeLike: randomLike,
  RandomNormal: randomLike,
  RandomNormalLike: randomLike,
  RandomUniform: randomLike,
  RandomUniformLike: randomLike,
  Bernoulli: randomLike,
  HannWindow: cosineWindow,
  HammingWindow: cosineWindow,
  BlackmanWindow: cosineWindow,
  DFT: fourier,
  STFT: shortFourier,
  MelWeightMatrix: (site) => {
    const [bands, size] = [site.value(0)?.[0], site.value(1)?.[0]];
    return [
      fact(
        "float32",
        bands === undefined || size === undefined ? undefined : [add(floorDiv(size, 2), 1), bands],
      ),
    ];
  },
};
