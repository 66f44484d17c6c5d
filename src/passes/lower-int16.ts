// The lowering of QDQ graphs whose activations have 16 bits: products and convolutions of int16, to int16 by TFLite's
// rule, or to floats where floats follow. Activations are around 0; so are weights.

import type { Node } from "../model/graph.ts";
import { roundHalfEven } from "../reference/functions.ts";
import { fixedMultiplier } from "../tensor/fixed-point.ts";
import { Tensor } from "../tensor/tensor.ts";
import { betweenTransposes, convolutionOf, type WindowAttributes } from "./channels-last.ts";
import {
  affineOf,
  isVector,
  type Limited,
  limitedValue,
  productOf,
  type QuantizedValue,
  type QuantizedWeights,
  quantizedValue,
  quantizedWeights,
  type WeightType,
  windowMatrix,
} from "./quantized-values.ts";
import { makeNode, type Rewrite, type View } from "./rewrite.ts";

const [LEAST, MOST] = [-32768, 32767];

/** A product or convolution of int16 with constant weights, however the graph spells it. */
interface Layer {
  x: QuantizedValue;
  weights: QuantizedWeights;
  matrix: Tensor<WeightType>;
  bias: string | undefined;
  /** Of a convolution. */
  windows: WindowAttributes | undefined;
}

function layerOf(node: Node, view: View): Layer | undefined {
  const convolution = convolutionOf(node, view);
  const product = convolution ? undefined : productOf(node, view, 16);
  const weights = convolution ? quantizedWeights(node.inputs[1], 0, view, 16) : product?.weights;
  const x = quantizedValue(product?.x ?? node.inputs[0] ?? "", view);
  if (x?.dtype !== "int16" || x.zero !== 0 || !weights || weights.zeros.some((zero) => zero !== 0))
    return undefined;
  if (convolution && convolution.groups > 1) return undefined;
  return {
    ...{ x, weights, matrix: product?.matrix ?? windowMatrix(weights) },
    ...{ bias: product ? product.bias : node.inputs[2], windows: convolution?.windows },
  };
}

/** The operator, of a product or of windows. */
function made(
  { windows }: Layer,
  suffix: "" | "ToFloat",
  { inputs, output, attributes = {} }: { inputs: string[]; output: string; attributes?: Node["attributes"] },
  view: View,
): Node[] {
  while (inputs.at(-1) === "") inputs.pop();
  if (!windows) return [makeNode(`MatMulInteger16${suffix}`, inputs, [output], attributes)];
  const operator = { op: `ConvInteger16${suffix}`, inputs, attributes: { ...windows, ...attributes } };
  return betweenTransposes(operator, output, windows.kernel_shape.length + 2, view);
}

const dimsOf = ({ length }: readonly unknown[]): number[] => (length === 1 ? [] : [length]);

/** QuantizeLinear to int16 of what such a layer computes (and an activation limits)  →  int16 to int16. */
export const lowerQuantize16: Rewrite = (node, view) => {
  const affine = node.op === "QuantizeLinear" ? affineOf(node, view) : undefined;
  if (affine?.dtype !== "int16" || affine.zero !== 0) return undefined;
  const y: Limited = limitedValue(node.inputs[0], affine, view);
  const producer = view.uses(y.value) === 1 ? view.producer(y.value) : undefined;
  const layer = producer && layerOf(producer, view);
  // Sums of 16-bit weights times a multiplier do not fit the kernels' 53 bits.
  if (!layer || layer.weights.dtype === "int16") return undefined;
  const { x, weights, matrix, bias } = layer;
  const steps = weights.scales.map((scale) => x.scale * scale);
  const fixed = steps.map((step) => fixedMultiplier(step / affine.scale));
  if (fixed.some(({ shift }) => shift < -31 || shift > 7)) return undefined;
  const biases = integers(bias, steps, matrix.dims[1], view);
  if (!biases) return undefined;
  const { name } = weights;
  const list = (part: string, of: (each: (typeof fixed)[number]) => number): string =>
    view.addConstant(`${name}/${part}`, new Tensor("int32", fixed.map(of), dimsOf(fixed)));
  const inputs = [
    ...[x.name, view.addConstant(`${name}/matrix`, matrix)],
    ...[list("multiplier", ({ multiplier }) => multiplier), list("shift", ({ shift }) => shift)],
    biases === "none" ? "" : view.addConstant(`${name}/bias`, biases),
  ];
  const { low, high } = y;
  const attributes = { ...(low > LEAST ? { low } : {}), ...(high < MOST ? { high } : {}) };
  return made(layer, "", { inputs, output: node.outputs[0], attributes }, view);
};

/** A constant float bias in whole steps of the sums. */
function integers(
  bias: string | undefined,
  steps: readonly number[],
  count: number,
  view: View,
): Tensor | "none" | undefined {
  if (!bias) return "none";
  const values = view.constant(bias);
  if (values?.dtype !== "float32" || (values.size !== count && values.size !== 1)) return undefined;
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i];
  const numbers = values.numbers();
  return new Tensor(
    "int64",
    Array.from({ length: count }, (_, i) => roundHalfEven(at(numbers, i) / at(steps, i))),
  );
}

/** Such a layer whose results stay floats. */
export const lowerToFloat16: Rewrite = (node, view) => {
  const layer = layerOf(node, view);
  if (!layer || (layer.bias && !isVector(layer.bias, layer.matrix.dims[1], view))) return undefined;
  const { x, weights, matrix, bias = "" } = layer;
  const { name, scales } = weights;
  const inputs = [
    ...[x.name, view.addConstant(`${name}/matrix`, matrix)],
    view.addConstant(`${name}/x scale`, new Tensor("float32", [x.scale], [])),
    view.addConstant(`${name}/scales`, new Tensor("float32", scales, dimsOf(scales))),
    bias,
  ];
  return made(layer, "ToFloat", { inputs, output: node.outputs[0] }, view);
};
