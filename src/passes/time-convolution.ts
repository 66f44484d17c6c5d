// Convolutions over time, channels last: a window is then a row of the input as it lies in memory, and the
// convolution a matrix product whose rows overlap.

import type { Node } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { makeNode, type Rewrite, type View } from "./rewrite.ts";

/** Attributes of `ConvFloat` and `ConvIntegerToFloat`. */
export type WindowAttributes = { width: number; stride: number; pads: readonly number[] };

/** The windows of a Conv over one axis, or undefined when it is grouped, dilated, or pads by itself. */
export function timeConvolution(node: Node, view: View): WindowAttributes | undefined {
  const dims = node.op === "Conv" ? view.fact(node.inputs[1])?.dims : undefined;
  const { group = 1, dilations = [1], strides = [1], pads = [0, 0], auto_pad = "NOTSET" } = node.attributes;
  const plain = group === 1 && (dilations as number[])[0] === 1 && auto_pad === "NOTSET";
  if (dims?.length !== 3 || typeof dims[2] !== "number" || !plain) return undefined;
  return { width: dims[2], stride: (strides as number[])[0], pads: pads as number[] };
}

/** Conv over time whose weights are (or are computed from) float constants  →  channels-last ConvFloat. */
export const convChannelsLast: Rewrite = (node, view) => {
  const window = timeConvolution(node, view);
  const dims = view.fact(node.inputs[1])?.dims;
  if (!window || !dims?.every((dim) => typeof dim === "number")) return undefined;
  const [out, channels] = dims as number[];
  const name = (part: string): string => view.fresh(`${node.name}/${part}`);
  const [before, turned, matrix, after] = ["nwc", "turned", "matrix", "out"].map(name);
  const shape = view.addConstant(
    `${matrix}/shape`,
    new Tensor("int64", [sizeOf([window.width, channels]), out], [2]),
  );
  return [
    makeNode("Transpose", [node.inputs[0]], [before], { perm: [0, 2, 1] }),
    makeNode("Transpose", [node.inputs[1]], [turned], { perm: [2, 1, 0] }),
    makeNode("Reshape", [turned, shape], [matrix]),
    makeNode("ConvFloat", [before, matrix, ...node.inputs.slice(2)], [after], window),
    makeNode("Transpose", [after], node.outputs, { perm: [0, 2, 1] }),
  ];
};
