// Batch normalisation, however it is spelled, vanishes into the layer before it: what multiplies each channel of a
// layer's output by a constant multiplies the channel's weights instead, and what is added becomes bias.

import type { Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Rewrite, View } from "./rewrite.ts";

/** y = factor·x + offset, of each channel. */
interface Affine {
  x: string;
  factor: Float64Array | undefined;
  offset: Float64Array | undefined;
}

/** Where a layer's channels are. */
interface Weighted {
  node: Node;
  weights: Tensor;
  /** Axis of the channels in the weights, and how many values of the output belong to one after the other. */
  axis: number;
  channels: number;
  /** Rank of the output; its channels are axis 1 (images) or the last one (rows). */
  rank: number;
  channelAxis: number;
}

/** Conv, Gemm or MatMul, then BatchNormalization, Mul or Add by constants  →  the layer with other weights. */
export const foldChannelAffine: Rewrite = (node, view) => {
  for (const input of node.op === "BatchNormalization" ? [node.inputs[0]] : node.inputs) {
    const layer = view.uses(input) === 1 ? weighted(input, view) : undefined;
    const affine = layer && affineOf(node, input, layer, view);
    if (affine) return absorb(layer, affine, node, view);
  }
  return undefined;
};

function weighted(value: string, view: View): Weighted | undefined {
  const node = view.producer(value);
  const weights = node && view.constant(node.inputs[1] ?? "");
  if (!node || weights?.dtype !== "float32") return undefined;
  if (node.op === "Conv")
    return {
      ...{ node, weights, axis: 0, channels: weights.dims[0] },
      ...{ rank: weights.dims.length, channelAxis: 1 },
    };
  if (weights.dims.length !== 2) return undefined;
  const { alpha = 1, beta = 1, transB = 0 } = node.attributes;
  const rank = view.fact(value)?.dims?.length;
  if (node.op === "MatMul" && rank !== undefined)
    return { node, weights, axis: 1, channels: weights.dims[1], rank, channelAxis: rank - 1 };
  if (node.op !== "Gemm" || alpha !== 1 || beta !== 1) return undefined;
  const axis = transB === 1 ? 0 : 1;
  return { node, weights, axis, channels: weights.dims[axis], rank: 2, channelAxis: 1 };
}

function affineOf(node: Node, x: string, layer: Weighted, view: View): Affine | undefined {
  if (node.op === "BatchNormalization") return batchNorm(node, x, view);
  if (node.op !== "Mul" && node.op !== "Add") return undefined;
  const other = node.inputs[0] === x ? node.inputs[1] : node.inputs[0];
  const values = perChannel(view.constant(other), layer);
  // A product has no place for a bias: the Add stays.
  if (!values || (node.op === "Add" && layer.node.op === "MatMul")) return undefined;
  return {
    x,
    factor: node.op === "Mul" ? values : undefined,
    offset: node.op === "Add" ? values : undefined,
  };
}

/** (x − mean)/√(variance + ε)·scale + bias, with constants. */
function batchNorm(node: Node, x: string, view: View): Affine | undefined {
  const all = node.inputs.slice(1, 5).map((name) => view.constant(name)?.numbers());
  const [scale, bias, mean, variance] = all;
  if (!scale || !bias || !mean || !variance || Number(node.attributes.training_mode ?? 0) === 1)
    return undefined;
  const epsilon = Number(node.attributes.epsilon ?? 1e-5);
  const factor = Float64Array.from(scale, (value, i) => value / Math.sqrt(variance[i] + epsilon));
  return { x, factor, offset: Float64Array.from(bias, (value, i) => value - mean[i] * factor[i]) };
}

/** A constant that is one number, or one for each channel and nothing along the other axes. */
function perChannel(
  tensor: Tensor | undefined,
  { channels, rank, channelAxis }: Weighted,
): Float64Array | undefined {
  if (tensor?.dtype !== "float32" || tensor.dims.length > rank) return undefined;
  if (tensor.size === 1) return new Float64Array(channels).fill(Number(tensor.data[0]));
  const axis = channelAxis - (rank - tensor.dims.length);
  const fits = axis >= 0 && tensor.dims[axis] === channels && tensor.size === channels;
  return fits ? Float64Array.from(tensor.numbers()) : undefined;
}

function absorb(layer: Weighted, { factor, offset }: Affine, last: Node, view: View): Node[] | undefined {
  const { node, weights, axis, channels } = layer;
  const bias = node.op === "MatMul" ? undefined : view.constant(node.inputs[2] ?? "");
  // A bias that is computed, or one that is not a vector of the channels, stays where it is.
  if ((node.inputs[2] ?? "") !== "" && (bias?.dims.length !== 1 || bias.size !== channels)) return undefined;
  if (offset && node.op === "MatMul") return undefined;
  const inner = weights.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const data = weights.data as Float32Array;
  const scaled = factor && data.map((value, i) => value * factor[Math.floor(i / inner) % channels]);
  const w = scaled
    ? view.addConstant(`${node.inputs[1]}/folded`, new Tensor("float32", scaled, weights.dims))
    : node.inputs[1];
  const old = bias?.numbers() ?? new Array<number>(channels).fill(0);
  const moved = old.map((value, i) => value * (factor?.[i] ?? 1) + (offset?.[i] ?? 0));
  const inputs =
    bias || offset
      ? [node.inputs[0], w, view.addConstant(`${node.name}/bias`, new Tensor("float32", moved, [channels]))]
      : [node.inputs[0], w];
  return [{ ...node, inputs, outputs: last.outputs }];
}
