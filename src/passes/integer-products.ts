// Everything that multiplies 8-bit weights becomes one operator that keeps them in 8 bits: matrix products,
// convolutions and embedding look-ups, however the exporter spelled the dequantization.

import type { Node } from "../model/graph.ts";
import { dtypes } from "../tensor/dtype.ts";
import { allocate, Tensor } from "../tensor/tensor.ts";
import { timeConvolution } from "./channels-last.ts";
import { makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";

/** A constant of 8-bit integers and how to read it: x = scale · (q − zero). */
interface QuantizedConstant {
  /** Name of the constant as it is stored in the source model. */
  name: string;
  /** Signed bytes (unsigned ones moved down by 128, zero point too). */
  data: Int8Array;
  dims: readonly number[];
  scale: Tensor;
  zero: Tensor;
}

/**
 * Matrices already made from a source tensor, so that a weight that several nodes or graphs use is stored once.
 * Keyed by the source's bytes: the embedding and the output product share theirs.
 */
export type MatrixCache = Map<ArrayLike<number | bigint>, Map<string, Tensor>>;

/** Cast(MatMulInteger(a, B, az, bz)) · (as · bs)  →  MatMulIntegerToFloat. */
export const fuseMatMulInteger =
  (cache: MatrixCache): Rewrite =>
  (node, view) => {
    if (node.op !== "Mul") return undefined;
    for (const input of node.inputs) {
      const cast = view.producerOf(input, "Cast");
      const product = cast && view.producerOf(cast.inputs[0], "MatMulInteger");
      const scales = product && view.producerOf(otherInput(node, input), "Mul");
      if (!product || !scales) continue;
      const quantize = view.producerOf(product.inputs[0], "DynamicQuantizeLinear");
      const weights = view.constant(product.inputs[1]);
      if (!quantize || weights?.dims.length !== 2 || !scales.inputs.includes(quantize.outputs[1])) continue;
      if (product.inputs[2] !== quantize.outputs[2]) continue;
      const scale = view.constant(otherInput(scales, quantize.outputs[1]));
      const signed =
        scale &&
        isPerColumn(scale, weights) &&
        quantized(product.inputs[1], scale, view.constant(product.inputs[3] ?? ""), view);
      if (signed) return [integerProduct(node.outputs, quantize, signed, "as-is", cache, view)];
    }
    return undefined;
  };

/** Whether a scale is one number, or one for each column of a matrix. */
function isPerColumn(scale: Tensor, { dims }: Tensor): boolean {
  return scale.size === 1 || (scale.dims.length === 1 && scale.size === dims[1]);
}

/**
 * x · dequantized(B)  →  x quantized on the fly, then MatMulIntegerToFloat. An x that was quantized on the fly before
 * and dequantized again is read as it was in between; one that is on a fixed grid stays there.
 * @param onlyGiven nothing is quantized that was not: whoever made the model chose what is
 */
export const quantizeMatMul =
  (cache: MatrixCache, onlyGiven = false): Rewrite =>
  (node, view) => {
    const weights = node.op === "MatMul" ? dequantizedConstant(node.inputs[1], view, "columns") : undefined;
    if (weights?.source.dims.length !== 2) return undefined;
    const dequantize = view.producerOf(node.inputs[0], "DequantizeLinear");
    const given = dequantize && view.producerOf(dequantize.inputs[0], "DynamicQuantizeLinear");
    const fits =
      given && (given.attributes.bits ?? 8) === 8 && String(given.outputs) === String(dequantize.inputs);
    if (dequantize ? !fits : onlyGiven) return undefined;
    const quantize = fits ? given : dynamicQuantize(node.inputs[0], view);
    const order = weights.transposed ? "transposed" : "as-is";
    const product = integerProduct(node.outputs, quantize, weights.source, order, cache, view);
    return fits ? [product] : [quantize, product];
  };

/**
 * Conv over time [B, C, T] with 8-bit weights [O, C, width]  →  channels-last ConvIntegerToFloat, twice: once with
 * the activations in 8 bits, once with what those 8 bits left over. Convolutions stand at the front, where the
 * signal spans more than 8 bits tell (word errors rise fivefold with 8), and two integer products cost less than
 * one of floats.
 */
export const quantizeConv =
  (cache: MatrixCache): Rewrite =>
  (node, view) => {
    const window = timeConvolution(node, view);
    const found = window && dequantizedConstant(node.inputs[1], view);
    if (!found || found.transposed) return undefined;
    const weights = found.source;
    const name = (part: string): string => view.fresh(`${node.name}/${part}`);
    const [x, rest, coarse, sum] = ["nwc", "rest", "coarse", "sum"].map(name);
    const [high, low] = [dynamicQuantize(x, view), dynamicQuantize(rest, view)];
    const convolve = (quantize: Node, output: string, bias: readonly string[]): Node => {
      const product = integerProduct([output], quantize, weights, "width·channels×out", cache, view);
      return {
        ...product,
        op: "ConvIntegerToFloat",
        inputs: [...product.inputs, ...bias],
        attributes: window,
      };
    };
    return [
      makeNode("Transpose", [node.inputs[0]], [x], { perm: [0, 2, 1] }),
      high,
      makeNode("QuantizationResidual", [x, ...high.outputs], [rest]),
      low,
      convolve(high, coarse, node.inputs.slice(2)),
      convolve(low, sum, ["", coarse]),
      makeNode("Transpose", [sum], node.outputs, { perm: [0, 2, 1] }),
    ];
  };

/** dequantize(Gather(Q, i))  →  GatherDequantize from the matrix of the transposed product. */
export const quantizeGather =
  (cache: MatrixCache): Rewrite =>
  (node, view) => {
    const gather = node.op === "DequantizeLinear" ? view.producerOf(node.inputs[0], "Gather") : undefined;
    const table = gather && view.constant(gather.inputs[0]);
    const scale = view.constant(node.inputs[1]);
    if (!gather || table?.dims.length !== 2 || (gather.attributes.axis ?? 0) !== 0 || scale?.size !== 1)
      return undefined;
    const source = quantized(gather.inputs[0], scale, view.constant(node.inputs[2] ?? ""), view);
    if (!source) return undefined;
    const inputs = [...matrixInputs(source, "transposed", cache, view), gather.inputs[1]];
    return [makeNode("GatherDequantize", inputs, node.outputs)];
  };

/** Inputs before the bias. */
const withoutBias: Readonly<Record<string, number>> = {
  MatMulIntegerToFloat: 6,
  MatMulInteger16ToFloat: 4,
  MatMulBlocksToFloat: 5,
};

/** A product and the constant vector added to it are one step. */
export const fuseBias: Rewrite = (node, view) => {
  if (node.op !== "Add") return undefined;
  for (const input of node.inputs) {
    const product = view.producer(input);
    const bias = view.constant(otherInput(node, input));
    const columns = product && view.constant(product.inputs[1])?.dims[1];
    if (!product || product.inputs.length !== withoutBias[product.op] || view.uses(input) !== 1) continue;
    if (bias?.dims.length === 1 && bias.size === columns)
      return [{ ...product, outputs: node.outputs, inputs: [...product.inputs, otherInput(node, input)] }];
  }
  return undefined;
};

function dynamicQuantize(x: string, view: View): Node {
  const outputs = ["quantized", "scale", "zero"].map((part) => view.fresh(`${x}/${part}`));
  return makeNode("DynamicQuantizeLinear", [x], outputs);
}

function integerProduct(
  outputs: readonly string[],
  quantize: Node,
  weights: QuantizedConstant,
  order: MatrixOrder,
  cache: MatrixCache,
  view: View,
): Node {
  const [a, aScale, aZero] = quantize.outputs;
  const [b, bScale, bZero] = matrixInputs(weights, order, cache, view);
  return makeNode("MatMulIntegerToFloat", [a, b, aScale, bScale, aZero, bZero], outputs);
}

/** How a source tensor becomes the K×N matrix of a product. */
type MatrixOrder = "as-is" | "transposed" | "width·channels×out";

/** Names of the matrix, its scale and its zero point, as constants of the graph. */
function matrixInputs(
  source: QuantizedConstant,
  order: MatrixOrder,
  cache: MatrixCache,
  view: View,
): string[] {
  const orders = cache.get(view.constant(source.name)!.data) ?? new Map<string, Tensor>();
  cache.set(view.constant(source.name)!.data, orders);
  const matrix = orders.get(order) ?? toMatrix(source, order);
  orders.set(order, matrix);
  const scale = cached(orders, `${order}/scale`, source.scale);
  const zero = cached(orders, `${order}/zero`, source.zero);
  return [
    view.addConstant(`${source.name}/matrix`, matrix),
    view.addConstant(`${source.name}/scale`, scale),
    view.addConstant(`${source.name}/zero`, zero),
  ];
}

/** The tensor of these values that was made before: one matrix may be read with several scales. */
function cached(orders: Map<string, Tensor>, kind: string, value: Tensor): Tensor {
  const key = `${kind} [${value.dims}] ${value.numbers()}`;
  const known = orders.get(key) ?? value;
  orders.set(key, known);
  return known;
}

function toMatrix({ data, dims }: QuantizedConstant, order: MatrixOrder): Tensor {
  if (order === "as-is") return new Tensor("int8", data, dims);
  const [out, channels, width = 1] = order === "transposed" ? [dims[0], 1, dims[1]] : dims;
  const matrix = new Int8Array(data.length);
  for (let o = 0; o < out; o++)
    for (let c = 0; c < channels; c++)
      for (let w = 0; w < width; w++)
        matrix[(w * channels + c) * out + o] = data[(o * channels + c) * width + w];
  return new Tensor("int8", matrix, [channels * width, out]);
}

/**
 * A value that is a constant of 8 bits, dequantized (and perhaps transposed) by nodes of the graph.
 * @param scales how many are understood: one, or also one for each column of a matrix
 */
function dequantizedConstant(
  value: string,
  view: View,
  scales: "one" | "columns" = "one",
): { source: QuantizedConstant; transposed: boolean } | undefined {
  const node = view.producer(value);
  if (node?.op === "DequantizeLinear") {
    const transpose = view.producerOf(node.inputs[0], "Transpose");
    if (transpose && String(transpose.attributes.perm ?? "1,0") !== "1,0") return undefined;
    const name = transpose ? transpose.inputs[0] : node.inputs[0];
    const scale = view.constant(node.inputs[1]);
    const matrix = view.constant(name);
    const isColumns =
      scales === "columns" &&
      !transpose &&
      node.attributes.block_size === undefined &&
      Number(node.attributes.axis ?? 1) === 1;
    const fits = scale && (scale.size === 1 || (isColumns && matrix && isPerColumn(scale, matrix)));
    const source = fits ? quantized(name, scale, view.constant(node.inputs[2] ?? ""), view) : undefined;
    return source && { source, transposed: transpose !== undefined };
  }
  const source = scaledCast(node, view);
  return source && { source, transposed: false };
}

/** Cast(q) · scale, or Cast(q) · scale + offset where the offset is a whole number of steps. */
function scaledCast(node: Node | undefined, view: View): QuantizedConstant | undefined {
  const offset = node?.op === "Add" ? view.scalar(node.inputs[1]) : 0;
  const product = node?.op === "Add" ? view.producerOf(node.inputs[0], "Mul") : node;
  const cast = product?.op === "Mul" ? view.producerOf(product.inputs[0], "Cast") : undefined;
  const scale = product && view.constant(product.inputs[1]);
  if (!cast || scale?.size !== 1 || offset === undefined) return undefined;
  const steps = -offset / Number(scale.data[0]);
  const zero = Math.round(steps);
  const type = view.constant(cast.inputs[0])?.dtype;
  if ((type !== "int8" && type !== "uint8") || Math.abs(steps - zero) > 1e-4) return undefined;
  if (zero < dtypes[type].min || zero > dtypes[type].max) return undefined;
  return quantized(cast.inputs[0], scale.reshape([]), new Tensor(type, [zero], []), view);
}

function quantized(
  name: string,
  scale: Tensor,
  zero: Tensor | undefined,
  view: View,
): QuantizedConstant | undefined {
  const source = view.constant(name);
  if (source?.dtype !== "int8" && source?.dtype !== "uint8") return undefined;
  const signed = (data: ArrayLike<number>): Int8Array =>
    source.dtype === "uint8" ? moveDown(data) : (data as Int8Array);
  return {
    name,
    data: signed(source.data as Uint8Array | Int8Array),
    dims: source.dims,
    scale,
    zero: new Tensor(
      "int8",
      signed((zero?.data as Uint8Array | undefined) ?? allocate(source.dtype, 1)),
      zero?.dims ?? [],
    ),
  };
}

/** 0…255 → −128…127 */
function moveDown(data: ArrayLike<number>): Int8Array {
  const signed = new Int8Array(data.length);
  for (let i = 0; i < signed.length; i++) signed[i] = data[i] - 128;
  return signed;
}
