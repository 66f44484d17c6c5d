// Convolutions, as matrix products: the weight's rows times the windows' values. A sum runs over the channels
// of the group, and in each over the places of the window, in the weight's order; the bias comes last.

import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { matmulF32, matmulU8S8I32 } from "../matmul.ts";
import {
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
import { centred, requantize } from "./quantization.ts";
import { windowsOf } from "./window.ts";

type Values = Float32Array | Int32Array;
type Product<T extends Values> = (a: T, b: T, shape: readonly [m: number, n: number, k: number]) => T;

/** x [batch, channels, ..] and weight [out, channels / groups, ..] by their values; padding is 0. */
function convolve<T extends Values>(
  x: { data: T; dims: readonly number[] },
  weight: { data: T; dims: readonly number[] },
  product: Product<T>,
  inputs: Inputs,
  context: OperatorContext,
): { data: T; dims: number[] } {
  const [batch, channels, ...sizes] = x.dims;
  const [out, width, ...kernel] = weight.dims;
  const groups = numberOf(context, "group", 1);
  if (width * groups !== channels || out % groups !== 0)
    throw misfit(
      inputs,
      context,
      `a weight for ${channels} channels in ${groups} groups`,
      `${width} channels`,
    );
  const { dims, places, from } = windowsOf(sizes, kernel, inputs, context);
  const [space, positions] = [sizeOf(sizes), sizeOf(dims)];
  const make = x.data.constructor as { new (length: number): T };
  const y = new make(batch * out * positions);
  const depth = width * places;
  const patches = new make(depth * positions);
  for (let item = 0; item < batch * groups; item++) {
    const group = item % groups;
    for (let row = 0; row < depth; row++) {
      const start = (item * width + Math.floor(row / places)) * space;
      for (let p = 0; p < positions; p++) {
        const at = from[p * places + (row % places)];
        patches[row * positions + p] = at < 0 ? 0 : x.data[start + at];
      }
    }
    const rows = out / groups;
    const kernels = weight.data.subarray(group * rows * depth, (group + 1) * rows * depth) as T;
    y.set(product(kernels, patches, [rows, positions, depth]), item * rows * positions);
  }
  return { data: y, dims: [batch, out, ...dims] };
}

function addPerChannel(y: Values, bias: ArrayLike<number>, dims: readonly number[]): void {
  const inner = sizeOf(dims.slice(2));
  for (let i = 0; i < y.length; i++) y[i] += bias[Math.floor(i / inner) % dims[1]];
}

const conv: ReferenceOperator = (inputs, context) => {
  const side = (index: number) => ({
    data: floats(inputs, index, context),
    dims: required(inputs, index, context).dims,
  });
  const { data, dims } = convolve(side(0), side(1), (a, b, shape) => matmulF32(a, b, shape), inputs, context);
  if (inputs[2]) addPerChannel(data, floats(inputs, 2, context), dims);
  return [tensorOf("float32", data, dims)];
};

const integerProduct: Product<Int32Array> = (a, b, shape) => matmulU8S8I32(a as never, b as never, shape);

function integerConv(
  inputs: Inputs,
  [x, xZero, w, wZero]: readonly number[],
  context: OperatorContext,
): Tensor {
  const side = (index: number, zero: number, axis: number) => {
    const tensor = required(inputs, index, context);
    return { data: centred(tensor, inputs[zero], axis, inputs, context), dims: tensor.dims };
  };
  const { data, dims } = convolve(side(x, xZero, 1), side(w, wZero, 0), integerProduct, inputs, context);
  return tensorOf("int32", data, dims);
}

/** x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias */
const qLinearConv: ReferenceOperator = (inputs, context) => {
  const sums = integerConv(inputs, [0, 2, 3, 5], context);
  if (inputs[8]) addPerChannel(sums.data as Int32Array, inputs[8].numbers(), sums.dims);
  return [requantize(sums, 1, [1, 4, 6, 7], inputs, context)];
};

/** Every input value adds its weights to the outputs under its window. Weight [channels, out / groups, ..]. */
const convTranspose: ReferenceOperator = (inputs, context) => {
  const [x, weight] = [floats(inputs, 0, context), floats(inputs, 1, context)];
  const [batch, channels, ...sizes] = required(inputs, 0, context).dims;
  const [rows, out, ...kernel] = required(inputs, 1, context).dims;
  const groups = numberOf(context, "group", 1);
  if (rows !== channels || channels % groups !== 0)
    throw misfit(
      inputs,
      context,
      `a weight for ${channels} channels in ${groups} groups`,
      `${rows} channels`,
    );
  const dims = transposedDims(sizes, kernel, inputs, context);
  // The windows of the output are the places that the input values spread to.
  const reverse: OperatorContext = {
    ...context,
    node: {
      ...context.node,
      attributes: { ...context.node.attributes, ...padsFor(sizes, kernel, dims, context) },
    },
  };
  const { places, from } = windowsOf(dims, kernel, inputs, reverse);
  const [space, area, perGroup] = [sizeOf(sizes), sizeOf(dims), channels / groups];
  const y = new Float32Array(batch * groups * out * area);
  for (let item = 0; item < batch * channels; item++) {
    const channel = item % channels;
    const group = Math.floor(item / channels) * groups + Math.floor(channel / perGroup);
    for (let o = 0; o < out; o++)
      for (let i = 0; i < space * places; i++)
        if (from[i] >= 0)
          y[(group * out + o) * area + from[i]] += Math.fround(
            x[item * space + Math.floor(i / places)] * weight[(channel * out + o) * places + (i % places)],
          );
  }
  const shape = [batch, groups * out, ...dims];
  if (inputs[2]) addPerChannel(y, floats(inputs, 2, context), shape);
  return [tensorOf("float32", y, shape)];
};

/** (in − 1)·stride + reach + output padding − pads */
function transposedDims(
  sizes: readonly number[],
  kernel: readonly number[],
  inputs: Inputs,
  context: OperatorContext,
): number[] {
  const given = numbersOf(context, "output_shape");
  const dims = sizes.map(
    (size, i) => given?.[i] ?? fullSize(size, kernel, i, context) - padsOf(sizes.length, i, context),
  );
  if (dims.some((dim) => dim < 1))
    throw misfit(inputs, context, "an output that is not empty", `[${dims.join(", ")}]`);
  return dims;
}

function fullSize(size: number, kernel: readonly number[], i: number, context: OperatorContext): number {
  const [stride, dilation] = ["strides", "dilations"].map((name) => numbersOf(context, name)?.[i] ?? 1);
  return (
    (size - 1) * stride + (kernel[i] - 1) * dilation + 1 + (numbersOf(context, "output_padding")?.[i] ?? 0)
  );
}

function padsOf(rank: number, i: number, context: OperatorContext): number {
  const pads = numbersOf(context, "pads");
  return (pads?.[i] ?? 0) + (pads?.[i + rank] ?? 0);
}

/** Padding with which windows over the output are as many as the input has values. */
function padsFor(
  sizes: readonly number[],
  kernel: readonly number[],
  dims: readonly number[],
  context: OperatorContext,
): { pads: number[]; auto_pad: string } {
  const upper = context.node.attributes.auto_pad !== "SAME_LOWER";
  const explicit = numbersOf(context, "output_shape") === undefined && numbersOf(context, "pads");
  const begins = dims.map((dim, i) => {
    const total = Math.max(fullSize(sizes[i], kernel, i, context) - dim, 0);
    return explicit ? explicit[i] : upper ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  const ends = dims.map(
    (dim, i) =>
      fullSize(sizes[i], kernel, i, context) -
      dim -
      begins[i] -
      (numbersOf(context, "output_padding")?.[i] ?? 0),
  );
  return { pads: [...begins, ...ends], auto_pad: "NOTSET" };
}

export const convolution: Operators = {
  Conv: conv,
  ConvTranspose: convTranspose,
  ConvInteger: (inputs, context) => [integerConv(inputs, [0, 2, 1, 3], context)],
  QLinearConv: qLinearConv,
};
