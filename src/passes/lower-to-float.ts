// The lowering of QDQ graphs where integers end: products and convolutions of dequantized bytes whose results stay floats.

import type { Node } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { betweenTransposes, convolutionOf } from "./channels-last.ts";
import { isVector, productOf, quantizedWeights, windowMatrix } from "./quantized-values.ts";
import { makeNode, type Rewrite, type View } from "./rewrite.ts";

/** A product or convolution of dequantized bytes whose result stays float  →  integers to floats. */
export const lowerToFloat: Rewrite = (node, view) => {
  const found = convolutionOf(node, view);
  const product = found ? undefined : productOf(node, view);
  const read = view.producerOf(product?.x ?? node.inputs[0] ?? "", "DequantizeLinear");
  const weights = found ? quantizedWeights(node.inputs[1], 0, view) : product?.weights;
  if (!read || !weights || view.fact(read.inputs[0])?.dtype !== "uint8" || !isWhole(read, view))
    return undefined;
  const matrix = product ? product.matrix : windowMatrix(weights);
  const bias = product ? product.bias : node.inputs[2];
  if ((found && found.groups > 1) || (bias && !isVector(bias, matrix.dims[1], view))) return undefined;
  const { name, scales, zeros } = weights;
  const dims = (list: readonly number[]): number[] => (list.length === 1 ? [] : [list.length]);
  const inputs = [
    read.inputs[0],
    view.addConstant(`${name}/matrix`, matrix),
    read.inputs[1],
    view.addConstant(`${name}/scales`, new Tensor("float32", scales, dims(scales))),
    read.inputs[2] ?? view.addConstant(`${name}/no zero`, new Tensor("uint8", [0], [])),
    view.addConstant(`${name}/zeros`, new Tensor("int8", zeros, dims(zeros))),
    ...(bias ? [bias] : []),
  ];
  if (!found) return [makeNode("MatMulIntegerToFloat", inputs, node.outputs)];
  const made = { op: "ConvIntegerToFloat", inputs, attributes: found.windows };
  return betweenTransposes(made, node.outputs[0], found.windows.kernel_shape.length + 2, view);
};

/** Whether a DequantizeLinear has one scale for all of its input; it may come from DynamicQuantizeLinear. */
function isWhole(read: Node, view: View): boolean {
  return read.inputs.slice(1).every((input) => sizeOf((view.fact(input)?.dims ?? [2]) as number[]) === 1);
}
