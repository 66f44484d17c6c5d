// Layers with weights, pools, normalisation: images channels first, as ONNX has them.

import type { Attributes } from "../../model/graph.ts";
import { attribute } from "./attributes.ts";
import type { TfNode } from "./nodes.ts";
import { type Operator, type Operators, type Site, unsupported } from "./operator.ts";

type Layout = "NHWC" | "NCHW";

function layoutOf(node: TfNode): Layout {
  const layout = attribute.text(node, "data_format", "NHWC");
  if (layout === "NHWC" || layout === "NCHW") return layout;
  throw unsupported(node, "data_format NHWC or NCHW", layout);
}

/** Takes and gives an image in the node's own layout. */
function onImage(site: Site, op: string, rest: readonly string[], attributes: Attributes): void {
  const { graph, node } = site;
  const [[x], [y]] = [node.inputs, node.outputs];
  if (layoutOf(node) === "NHWC") graph.emitImage(op, [graph.first(x), ...rest], y, attributes);
  else graph.emit(op, [x, ...rest], [y], attributes);
}

/** The two numbers over height and width of a list over all four axes. */
function overSpace(node: TfNode, name: string, list: readonly number[] | undefined): number[] {
  const axes = layoutOf(node) === "NHWC" ? [1, 2, 0, 3] : [2, 3, 0, 1];
  const [height, width, ...others] = axes.map((axis) => list?.[axis] ?? 1);
  if (
    (list === undefined || list.length === 4) &&
    others.every((each) => each === 1) &&
    height > 0 &&
    width > 0
  )
    return [height, width];
  throw unsupported(node, `${name} over height and width`, `[${list}]`);
}

/** Strides and padding. TensorFlow's SAME has the odd one at the end. */
function windows(node: TfNode): Attributes {
  const strides = overSpace(node, "strides", attribute.ints(node, "strides"));
  const dilations = overSpace(node, "dilations", attribute.ints(node, "dilations"));
  const around = dilations.every((each) => each === 1) ? {} : { dilations };
  const padding = attribute.text(node, "padding", "VALID");
  if (padding === "VALID") return { strides, ...around };
  if (padding === "SAME") return { strides, ...around, auto_pad: "SAME_UPPER" };
  if (padding !== "EXPLICIT") throw unsupported(node, "padding SAME, VALID or EXPLICIT", padding);
  const pads = attribute.ints(node, "explicit_paddings") ?? [];
  const [top, left] = overAxes(node, pads, 0);
  const [bottom, right] = overAxes(node, pads, 1);
  return { strides, ...around, pads: [top, left, bottom, right] };
}

/** Of pairs (before, after) of each axis, one side over height and width. */
function overAxes(node: TfNode, pads: readonly number[], side: 0 | 1): number[] {
  const axes = layoutOf(node) === "NHWC" ? [1, 2] : [2, 3];
  return axes.map((axis) => pads[2 * axis + side] ?? 0);
}

/** Weights [H, W, in, out] → [out, in, H, W]. A group has as many channels as the weights. */
const conv2D: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, node } = site;
    const w = graph.compute(`${node.inputs[1]}/OIHW`, "Transpose", [node.inputs[1]], { perm: [3, 2, 0, 1] });
    onImage(site, "Conv", [w], windows(node));
  },
};

/** Weights [H, W, channels, times] → [channels·times, 1, H, W]. */
const depthwise: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, known, node } = site;
    const [, weights] = node.inputs;
    const dims = known.constant(weights)?.dims;
    if (dims?.length !== 4) throw unsupported(node, "constant weights of four axes", `"${weights}"`);
    const [height, width, channels, times] = dims;
    const shape = graph.ints(`${weights}/shape`, [channels * times, 1, height, width]);
    const turned = graph.compute(`${weights}/CMHW`, "Transpose", [weights], { perm: [2, 3, 0, 1] });
    const w = graph.compute(`${weights}/OIHW`, "Reshape", [turned, shape]);
    onImage(site, "Conv", [w], { ...windows(node), group: channels });
  },
};

function pool(op: string): Operator {
  return {
    inputs: [1, 1],
    convert(site) {
      const kernel_shape = overSpace(site.node, "ksize", attribute.ints(site.node, "ksize"));
      onImage(site, op, [], { kernel_shape, ...windows(site.node) });
    },
  };
}

/** x, scale, offset, mean, variance of each channel. */
const batchNorm: Operator = {
  inputs: [5, 5],
  convert(site) {
    const { node } = site;
    if (attribute.flag(node, "is_training", true))
      throw unsupported(node, "statistics from training", "is_training: those of the input");
    onImage(site, "BatchNormalization", node.inputs.slice(1), {
      epsilon: attribute.float(node, "epsilon", 1e-4),
    });
  },
};

/** A product of matrices. Gemm has a place for the bias, which the passes put there. */
const matMul: Operator = {
  inputs: [2, 2],
  convert({ graph, node }) {
    const attributes = Object.entries({ transA: "transpose_a", transB: "transpose_b" })
      .filter(([, name]) => attribute.flag(node, name))
      .map(([name]) => [name, 1] as const);
    graph.emit("Gemm", node.inputs, node.outputs, Object.fromEntries(attributes));
  },
};

const batchMatMul: Operator = {
  inputs: [2, 2],
  convert({ graph, node }) {
    if (attribute.flag(node, "adj_x") || attribute.flag(node, "adj_y"))
      throw unsupported(node, "matrices as they are", "adj_x or adj_y");
    graph.emit("MatMul", node.inputs, node.outputs);
  },
};

const overLast = (op: string): Operator => ({
  inputs: [1, 1],
  convert: ({ graph, node }) => graph.emit(op, node.inputs, node.outputs, { axis: -1 }),
});

export const layers: Operators = {
  AvgPool: pool("AveragePool"),
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  Conv2D: conv2D,
  DepthwiseConv2dNative: depthwise,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  LogSoftmax: overLast("LogSoftmax"),
  MatMul: matMul,
  MaxPool: pool("MaxPool"),
  Softmax: overLast("Softmax"),
};
