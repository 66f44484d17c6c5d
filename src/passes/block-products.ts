// Weights of 4 bits, however the exporter spelled them, become the operator that multiplies them as they are: ONNX's
// DequantizeLinear with blocks (or a scale a column) before a MatMul, and com.microsoft's MatMulNBits.

import type { Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { MatrixCache } from "./integer-products.ts";
import { makeNode, type Rewrite, type View } from "./rewrite.ts";

/** Blocks are a multiple of this (`kernels/layout.ts`). */
const GROUP = 8;

/** A K×N matrix of 4 bits around 0, and its scales [blocks, N]. */
interface BlockMatrix {
  b: Tensor;
  scales: Tensor;
  block: number;
}

/** x · dequantized(B)  →  x quantized on the fly (or as it already was), then MatMulBlocksToFloat. */
export const blockMatMul =
  (cache: MatrixCache): Rewrite =>
  (node, view) => {
    if (node.op === "com.microsoft::MatMulNBits") {
      const source = view.constant(node.inputs[1]);
      const matrix = source && cached(cache, source, node, () => fromNBits(node, view));
      return matrix && product(node, matrix, node.inputs[5], view);
    }
    const weights = node.op === "MatMul" ? view.producerOf(node.inputs[1], "DequantizeLinear") : undefined;
    const source = weights && view.constant(weights.inputs[0]);
    const matrix = source && cached(cache, source, weights, () => fromBlocks(weights, source, view));
    return matrix && product(node, matrix, undefined, view);
  };

/** The matrix that was made before of a tensor with the same scales: weights that graphs share stay shared. */
function cached(
  cache: MatrixCache,
  source: Tensor,
  { inputs, attributes }: Node,
  make: () => BlockMatrix | undefined,
): BlockMatrix | undefined {
  const known = cache.get(source.data) ?? new Map<string, Tensor>();
  cache.set(source.data, known);
  const key = `blocks ${inputs.slice(1).join(" ")} ${JSON.stringify(attributes)}`;
  const [b, scales] = [known.get(key), known.get(`${key}/scales`)];
  const made = b && scales ? { b, scales, block: blockOf(b, scales, attributes) } : make();
  if (!made) return undefined;
  known.set(key, made.b);
  known.set(`${key}/scales`, made.scales);
  return made;
}

function blockOf({ dims: [k] }: Tensor, scales: Tensor, { block_size: size }: Node["attributes"]): number {
  return scales.dims[0] === 1 ? wholeBlock(k) : (size as number);
}

/** One block for all of K. */
function wholeBlock(k: number): number {
  return Math.ceil(k / GROUP) * GROUP;
}

function product(
  node: Node,
  { b, scales, block }: BlockMatrix,
  bias: string | undefined,
  view: View,
): readonly Node[] {
  const names = [view.addConstant(`${node.name}/int4`, b), view.addConstant(`${node.name}/scales`, scales)];
  const before = view.producerOf(node.inputs[0], "DequantizeLinear");
  const fits =
    before && view.fact(before.inputs[0])?.dtype === "uint8" && before.inputs[2]
      ? before.inputs.slice(1).every((name) => view.constant(name)?.size === 1)
      : false;
  const parts = ["quantized", "scale", "zero"].map((part) => view.fresh(`${node.name}/${part}`));
  const [a, aScale, aZero] = fits ? before!.inputs : parts;
  const inputs = [a, names[0], aScale, names[1], aZero, ...(bias ? [bias] : [])];
  const made = { ...makeNode("MatMulBlocksToFloat", inputs, node.outputs, { block }), name: node.name };
  return fits ? [made] : [makeNode("DynamicQuantizeLinear", [node.inputs[0]], parts), made];
}

/** int4 [K, N] (or uint4 around 8), scales [blocks, N] along axis 0 or [N] along axis 1. */
function fromBlocks({ inputs, attributes }: Node, source: Tensor, view: View): BlockMatrix | undefined {
  const scale = view.constant(inputs[1]);
  const zero = inputs[2] ? view.constant(inputs[2]) : undefined;
  if ((source.dtype !== "int4" && source.dtype !== "uint4") || source.dims.length !== 2 || !scale)
    return undefined;
  const middle = source.dtype === "uint4" ? 8 : 0;
  if (zero ? zero.numbers().some((each) => each !== middle) : middle !== 0) return undefined;
  if (inputs[2] && !zero) return undefined;
  const [k, n] = source.dims;
  const axis = ((attributes.axis as number | undefined) ?? 1) + (Number(attributes.axis ?? 1) < 0 ? 2 : 0);
  const size = (attributes.block_size as number | undefined) ?? 0;
  const b = new Tensor(
    "int4",
    Int8Array.from(source.data as Int8Array, (x) => x - middle),
    [k, n],
  );
  if (size > 0) {
    if (axis !== 0 || size % GROUP !== 0) return undefined;
    return { b, scales: floats(scale.numbers(), [Math.ceil(k / size), n]), block: size };
  }
  if (scale.size !== 1 && (axis !== 1 || scale.size !== n)) return undefined;
  const perColumn = scale.size === 1 ? new Array<number>(n).fill(scale.numbers()[0]) : scale.numbers();
  return { b, scales: floats(perColumn, [1, n]), block: wholeBlock(k) };
}

/**
 * B uint8 [N, blocks, block_size / 2], two weights a byte, the first in the low half, around 8; scales by column, then
 * block. Other zero points, reordered groups and other widths are not taken up.
 */
function fromNBits({ inputs, attributes }: Node, view: View): BlockMatrix | undefined {
  const { K: k, N: n, bits = 4, block_size: block } = attributes as Record<string, number>;
  const [bytes, scale] = [view.constant(inputs[1]), view.constant(inputs[2])];
  const zero = inputs[3] ? view.constant(inputs[3]) : undefined;
  if (bits !== 4 || !bytes || !scale || inputs[4] || (inputs[3] && !isMiddle(zero))) return undefined;
  const blocks = Math.ceil(k / block);
  const fits = bytes.size === (n * blocks * block) / 2 && scale.size === n * blocks && block % GROUP === 0;
  if (!fits || bytes.dtype !== "uint8") return undefined;
  const b = new Int8Array(k * n);
  const data = bytes.data as Uint8Array;
  for (let column = 0; column < n; column++)
    for (let row = 0; row < k; row++) {
      const byte = data[(column * blocks * block + row) >> 1];
      b[row * n + column] = ((byte >> ((row & 1) * 4)) & 15) - 8;
    }
  const given = scale.numbers();
  const turned = Array.from({ length: blocks * n }, (_, i) => given[(i % n) * blocks + Math.floor(i / n)]);
  return { b: new Tensor("int4", b, [k, n]), scales: floats(turned, [blocks, n]), block };
}

/** Packed zero points that are all 8, whatever fills up the last byte of a column. */
function isMiddle(zero: Tensor | undefined): boolean {
  return (
    zero?.dtype === "uint8" &&
    zero.numbers().every((byte) => (byte & 15) === 8 && (byte >> 4 === 8 || byte >> 4 === 0))
  );
}

function floats(values: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor("float32", Float32Array.from(values), dims);
}
