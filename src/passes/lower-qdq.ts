// The lowering of QDQ graphs: DequantizeLinear, an operator (and its activation), QuantizeLinear become one operator from
// integers to integers, so that no float is left between two of them. What is not followed by QuantizeLinear: see
// `lower-to-float.ts`.

import type { Node } from "../model/graph.ts";
import type { Rounding } from "../reference/requantize.ts";
import { dtypes } from "../tensor/dtype.ts";
import { fixedMultiplier } from "../tensor/fixed-point.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { betweenTransposes, convolutionOf, poolOf } from "./channels-last.ts";
import {
  type Affine,
  affineOf,
  integerBias,
  type Limited,
  limitedValue,
  productOf,
  type QuantizedValue,
  type QuantizedWeights,
  quantizedValue,
  quantizedWeights,
  sameAffine,
  type WeightType,
  windowMatrix,
} from "./quantized-values.ts";
import { makeNode, type Rewrite, type View } from "./rewrite.ts";

/** What QuantizeLinear makes of a limited value. */
interface Target extends Affine, Limited {
  output: string;
}

type Lowering = (made: Node, y: Target, view: View, rounding: Rounding) => readonly Node[] | undefined;

/** QuantizeLinear of what an operator computes from dequantized bytes  →  the operator on bytes. */
export const lowerQuantize =
  (rounding: Rounding): Rewrite =>
  (node, view) => {
    const affine = node.op === "QuantizeLinear" ? affineOf(node, view) : undefined;
    const table = affine && lowerings[affine.dtype];
    if (!affine || !table) return undefined;
    const y: Target = { ...affine, ...limitedValue(node.inputs[0], affine, view), output: node.outputs[0] };
    const made = view.producer(y.value);
    if (!made) return undefined;
    if (made.op === "DequantizeLinear") return lowerRequantization(made, y, view);
    const lowering = Object.hasOwn(table, made.op) ? table[made.op] : undefined;
    return view.uses(y.value) === 1 ? lowering?.(made, y, view, rounding) : undefined;
  };

/** Attributes that say where results lie; limits that are the type's own are left out. */
function rangeAttributes({ dtype, zero, low, high }: Target): Record<string, number | string> {
  const { min, max } = dtypes[dtype];
  return { dtype, yZero: zero, ...(low > min ? { low } : {}), ...(high < max ? { high } : {}) };
}

/** Factors as the rounding wants them: one for all, or one a channel. */
function factorInputs(factors: readonly number[], rounding: Rounding, hint: string, view: View): string[] {
  const dims = factors.length === 1 ? [] : [factors.length];
  const add = (part: string, dtype: "float32" | "int32" | "int8", values: readonly number[]): string =>
    view.addConstant(`${hint}/${part}`, new Tensor(dtype, values, dims));
  if (rounding === "even") return [add("factor", "float32", factors), ""];
  const fixed = factors.map(fixedMultiplier);
  return [
    add(
      "multiplier",
      "int32",
      fixed.map(({ multiplier }) => multiplier),
    ),
    add(
      "shift",
      "int8",
      fixed.map(({ shift }) => shift),
    ),
  ];
}

interface Layer {
  x: QuantizedValue;
  weights: QuantizedWeights;
  matrix: Tensor<WeightType>;
  bias: string | undefined;
}

/** Inputs and attributes of an operator on bytes with weights; undefined when the bias is not constant. */
function quantizedLayer({ x, weights, matrix, bias }: Layer, y: Target, rounding: Rounding, view: View) {
  const steps = weights.scales.map((scale) => x.scale * scale);
  const biases = integerBias(bias, steps, matrix.dims[1], view);
  if (!biases) return undefined;
  const { name } = weights;
  const factors = steps.map((step) => step / y.scale);
  const inputs = [x.name, view.addConstant(`${name}/matrix`, matrix)];
  inputs.push(...factorInputs(factors, rounding, name, view));
  inputs.push(biases === "none" ? "" : view.addConstant(`${name}/bias`, new Tensor("int32", biases)));
  const zeros = new Tensor("int8", weights.zeros, weights.zeros.length === 1 ? [] : [weights.zeros.length]);
  inputs.push(hasZeros(weights) ? view.addConstant(`${name}/zeros`, zeros) : "");
  while (inputs.at(-1) === "") inputs.pop();
  return { inputs, attributes: { rounding, xZero: x.zero, ...rangeAttributes(y) } };
}

function hasZeros({ zeros }: QuantizedWeights): boolean {
  return zeros.some((zero) => zero !== 0);
}

/** Unsigned bytes that a node's first input is read from. */
function bytesBefore(node: Node, view: View): QuantizedValue | undefined {
  const x = quantizedValue(node.inputs[0], view);
  return x?.dtype === "uint8" ? x : undefined;
}

const lowerConv: Lowering = (made, y, view, rounding) => {
  const [x, found, weights] = [
    bytesBefore(made, view),
    convolutionOf(made, view),
    quantizedWeights(made.inputs[1], 0, view),
  ];
  if (!x || !found || !weights || (found.depthwise && hasZeros(weights))) return undefined;
  const layer = { x, weights, matrix: windowMatrix(weights), bias: made.inputs[2] };
  const parts = quantizedLayer(layer, y, rounding, view);
  if (!parts) return undefined;
  const { windows, groups, depthwise } = found;
  const op = depthwise ? "DepthwiseConvQuantized" : "ConvQuantized";
  const attributes = {
    ...windows,
    ...parts.attributes,
    ...(depthwise || groups === 1 ? {} : { group: groups }),
  };
  return betweenTransposes(
    { op, inputs: parts.inputs, attributes },
    y.output,
    windows.kernel_shape.length + 2,
    view,
  );
};

const lowerProduct: Lowering = (made, y, view, rounding) => {
  const product = productOf(made, view);
  const x = product && quantizedValue(product.x, view);
  if (!product || x?.dtype !== "uint8") return undefined;
  const parts = quantizedLayer({ ...product, x }, y, rounding, view);
  return parts && [makeNode("MatMulQuantized", parts.inputs, [y.output], parts.attributes)];
};

/** The factor a term comes with. */
const signs: Readonly<Record<string, number>> = { Add: 1, Sub: -1 };

const lowerSum: Lowering = (made, y, view, rounding) => {
  const [a, b] = made.inputs.map((input) => quantizedValue(input, view));
  const [left, right] = made.inputs.map((input) => view.fact(input)?.dims);
  if (a?.dtype !== "uint8" || b?.dtype !== "uint8" || !left || String(left) !== String(right))
    return lowerProduct(made, y, view, rounding);
  const sides = {
    ...{ aZero: a.zero, aFactor: Math.fround(a.scale / y.scale) },
    ...{ bZero: b.zero, bFactor: Math.fround((signs[made.op] * b.scale) / y.scale) },
  };
  return [makeNode("AddQuantized", [a.name, b.name], [y.output], { ...sides, ...rangeAttributes(y) })];
};

/** Bytes from one grid to another: a sum with nothing. */
function lowerRequantization(made: Node, y: Target, view: View): Node[] | undefined {
  const x = quantizedValue(made.outputs[0], view);
  if (!x) return undefined;
  const { dtype, yZero, ...limits } = rangeAttributes(y);
  if (sameAffine(x, y) && Object.keys(limits).length === 0)
    return [makeNode("Identity", [x.name], [y.output])];
  if (x.dtype !== "uint8" || dtype === "int16") return undefined;
  const sides = { aZero: x.zero, aFactor: Math.fround(x.scale / y.scale), bZero: x.zero, bFactor: 0 };
  return [makeNode("AddQuantized", [x.name, x.name], [y.output], { ...sides, dtype, yZero, ...limits })];
}

/** The mean of a window is a depthwise convolution with weights of 1; padding counts, or there is none. */
const lowerAverage: Lowering = (made, y, view, rounding) => {
  const [x, windows, channels] = [
    bytesBefore(made, view),
    poolOf(made, view),
    view.fact(made.inputs[0])?.dims?.[1],
  ];
  if (!x || !windows || typeof channels !== "number") return undefined;
  if (made.attributes.count_include_pad !== 1 && windows.pads.some((pad) => pad !== 0)) return undefined;
  const places = sizeOf(windows.kernel_shape);
  const ones = new Tensor("int8", new Int8Array(places * channels).fill(1), [places, channels]);
  const factor = factorInputs([x.scale / (y.scale * places)], rounding, made.name, view);
  const inputs = [
    x.name,
    view.addConstant(`${made.name}/ones`, ones),
    ...factor.filter((name) => name !== ""),
  ];
  const attributes = { ...windows, rounding, xZero: x.zero, ...rangeAttributes(y) };
  const op = "DepthwiseConvQuantized";
  return betweenTransposes({ op, inputs, attributes }, y.output, windows.kernel_shape.length + 2, view);
};

/** Operators that only move or choose numbers do so with integers; other grids than theirs are reached behind them. */
const moving = "Flatten Reshape Squeeze Unsqueeze Transpose Identity Slice MaxPool GlobalMaxPool".split(" ");

const lowerMovement: Lowering = (made, y, view) => {
  const x = quantizedValue(made.inputs[0], view);
  if (!x || made.outputs.length > 1) return undefined;
  const [moved, real] = ["moved", "real"].map((part) => view.fresh(`${y.output}/${part}`));
  const dequantize = view.producer(made.inputs[0])!;
  return [
    { ...made, inputs: [x.name, ...made.inputs.slice(1)], outputs: [moved] },
    makeNode("DequantizeLinear", [moved, ...dequantize.inputs.slice(1)], [real], dequantize.attributes),
    ...quantizeAs(real, y, view),
  ];
};

/** The limits and QuantizeLinear of a target, for another value. */
function quantizeAs(value: string, y: Target, view: View): Node[] {
  const constant = (part: string, tensor: Tensor): string => view.addConstant(`${y.output}/${part}`, tensor);
  const scalar = (x: number): Tensor => new Tensor("float32", [x], []);
  const real = (q: number): Tensor => scalar(Math.fround((q - y.zero) * y.scale));
  const limited = view.fresh(`${y.output}/limited`);
  const limits = [constant("low", real(y.low)), constant("high", real(y.high))];
  const affine = [constant("scale", scalar(y.scale)), constant("zero", new Tensor(y.dtype, [y.zero], []))];
  const bounded = "low" in rangeAttributes(y) || "high" in rangeAttributes(y);
  return [
    ...(bounded ? [makeNode("Clip", [value, ...limits], [limited])] : []),
    makeNode("QuantizeLinear", [bounded ? limited : value, ...affine], [y.output]),
  ];
}

/** Parts are brought to the whole's grid, and joined as integers. */
const lowerConcat: Lowering = (made, y, view) => {
  const parts = made.inputs.map((input) => quantizedValue(input, view));
  if (parts.some((part) => part?.dtype !== y.dtype)) return undefined;
  const nodes = parts.flatMap((_, i) => {
    const output = view.fresh(`${y.output}/part${i}`);
    return quantizeAs(made.inputs[i], { ...y, output }, view);
  });
  const joined = nodes.filter(({ op }) => op === "QuantizeLinear").map(({ outputs }) => outputs[0]);
  return [...nodes, { ...made, inputs: joined, outputs: [y.output] }];
};

const movements = Object.fromEntries(moving.map((op) => [op, lowerMovement]));

const toBytes: Readonly<Record<string, Lowering>> = {
  Conv: lowerConv,
  MatMul: lowerProduct,
  Gemm: lowerProduct,
  Add: lowerSum,
  Sub: lowerSum,
  Concat: lowerConcat,
  AveragePool: lowerAverage,
  GlobalAveragePool: lowerAverage,
  ...movements,
};

/** By the type of the result. What else becomes 16 bits is in `lower-int16.ts`. */
const lowerings: Readonly<Record<string, Readonly<Record<string, Lowering>>>> = {
  uint8: toBytes,
  int8: toBytes,
  int16: movements,
};
