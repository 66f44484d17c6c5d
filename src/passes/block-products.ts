// Weights of 4 bits, however the exporter spelled them, become the operator that multiplies them as they are: ONNX's
// DequantizeLinear with blocks (or a scale a column) before a MatMul, and com.microsoft's MatMulNBits.

import type { Node } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
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

/**
 * x · dequantized(B)  →  x quantized on the fly (or as it already was), then MatMulBlocksToFloat.
 * @param onlyGiven nothing is quantized that was not, as for `quantizeMatMul`
 */
export const blockMatMul =
  (cache: MatrixCache, onlyGiven = false): Rewrite =>
  (node, view) => {
    if (node.op === "com.microsoft::MatMulNBits") {
      const source = view.constant(node.inputs[1]);
      const matrix = source && cached(cache, source, node, () => fromNBits(node, view));
      return matrix && product(node, matrix, node.inputs[5], view, onlyGiven);
    }
    const found = node.op === "MatMul" ? dequantizedMatrix(node.inputs[1], view) : undefined;
    const source = found && view.constant(found.node.inputs[0]);
    const matrix =
      source && cached(cache, source, found.node, () => fromBlocks(found.node, source, view, found.turned));
    return matrix && product(node, matrix, undefined, view, onlyGiven);
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

/** The DequantizeLinear that a matrix comes from, and whether it is turned behind it: a dense layer's is. */
function dequantizedMatrix(value: string, view: View): { node: Node; turned: boolean } | undefined {
  const transpose = view.producerOf(value, "Transpose");
  const turned = transpose !== undefined && String(transpose.attributes.perm ?? "1,0") === "1,0";
  const node = view.producerOf(turned ? transpose.inputs[0] : value, "DequantizeLinear");
  return node && { node, turned };
}

function product(
  node: Node,
  { b, scales, block }: BlockMatrix,
  bias: string | undefined,
  view: View,
  onlyGiven: boolean,
): readonly Node[] | undefined {
  const names = [view.addConstant(`${node.name}/int4`, b), view.addConstant(`${node.name}/scales`, scales)];
  const before = view.producerOf(node.inputs[0], "DequantizeLinear");
  const fits =
    before && view.fact(before.inputs[0])?.dtype === "uint8" && before.inputs[2]
      ? before.inputs.slice(1).every((name) => sizeOf((view.fact(name)?.dims ?? [2]) as number[]) === 1)
      : false;
  if (!fits && onlyGiven) return undefined;
  const parts = ["quantized", "scale", "zero"].map((part) => view.fresh(`${node.name}/${part}`));
  const [a, aScale, aZero] = fits ? before!.inputs : parts;
  const inputs = [a, names[0], aScale, names[1], aZero, ...(bias ? [bias] : [])];
  const made = { ...makeNode("MatMulBlocksToFloat", inputs, node.outputs, { block }), name: node.name };
  return fits ? [made] : [makeNode("DynamicQuantizeLinear", [node.inputs[0]], parts), made];
}

/**
 * int4 [K, N] (or uint4 around 8), scales [blocks, N] along axis 0 or [N] along axis 1.
 * @param turned [N, K], axes the other way round
 */
function fromBlocks(
  { inputs, attributes }: Node,
  source: Tensor,
  view: View,
  turned: boolean,
): BlockMatrix | undefined {
  const scale = view.constant(inputs[1]);
  const zero = inputs[2] ? view.constant(inputs[2]) : undefined;
  if ((source.dtype !== "int4" && source.dtype !== "uint4") || source.dims.length !== 2 || !scale)
    return undefined;
  const middle = source.dtype === "uint4" ? 8 : 0;
  if (zero ? zero.numbers().some((each) => each !== middle) : middle !== 0) return undefined;
  if (inputs[2] && !zero) return undefined;
  const [k, n] = turned ? [source.dims[1], source.dims[0]] : source.dims;
  const given = Number(attributes.axis ?? 1);
  const axis = given < 0 ? given + 2 : given;
  const [depth, columns] = turned ? [1, 0] : [0, 1];
  const data = Int8Array.from(source.data as Int8Array, (x) => x - middle);
  const b = new Tensor("int4", turned ? turn(data, n, k) : data, [k, n]);
  const size = (attributes.block_size as number | undefined) ?? 0;
  if (size > 0) {
    if (axis !== depth || size % GROUP !== 0) return undefined;
    const blocks = Math.ceil(k / size);
    const list = scale.numbers();
    return { b, scales: floats(turned ? turn(list, n, blocks) : list, [blocks, n]), block: size };
  }
  if (scale.size !== 1 && (axis !== columns || scale.size !== n)) return undefined;
  const perColumn = scale.size === 1 ? new Array<number>(n).fill(scale.numbers()[0]) : scale.numbers();
  return { b, scales: floats(perColumn, [1, n]), block: wholeBlock(k) };
}

/** Rows become columns. */
function turn<T extends Int8Array | number[]>(values: T, rows: number, columns: number): T {
  return values.map((_, i) => values[(i % rows) * columns + Math.floor(i / rows)]) as T;
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
