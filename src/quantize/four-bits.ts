// Weights of an imported or packed model on 4 bits in blocks: matrix products and embedding tables become operators
// with 4-bit weights (docs/operators.md); activations stay quantized on the fly. What no pattern keeps is changed.

import { OctavoxError } from "../errors.ts";
import { roundToHalf } from "../model/encoding.ts";
import type { Graph, Model, Node } from "../model/graph.ts";
import { type PanelCache, packMatrices, unpackMatrices } from "../passes/panels.ts";
import { makeNode, removeDead, rewriteNodes, type View } from "../passes/rewrite.ts";
import { Breath } from "../speech/breath.ts";
import { traits } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type BlockRounding, fitBlocks } from "./blocks.ts";
import { addError, decibels, noError } from "./error.ts";
import { gptqBlocks } from "./methods/gptq-blocks.ts";
import type { InputMoments } from "./moments.ts";
import { outputNoise } from "./output-noise.ts";
import { checkPatterns, matches, type NamedLayer } from "./patterns.ts";
import { FLOAT_BITS, type LayerReport } from "./report.ts";

export interface WeightOptions {
  /** Bits of a weight. */
  bits: 4;
  /** Weights along K that share a scale: a multiple of 8 up to 4096. */
  block?: number;
  /** Layers left as they are: names (with `*`), operators or roles. A table shared with a kept layer is kept too. */
  keep?: readonly string[] | undefined;
  /**
   * Share of these weights, 0…1, that may stay as they are: the matrices whose results suffer most (relative to the
   * results, as far as `moments` tells what these are); 0 unless said.
   */
  spare?: number;
  /** From weights to integers and scales; without it GPTQ where moments are given, else the nearest. */
  round?: BlockRounding;
  /** What is known of the products' inputs (`InputMoments`), for a `round` that makes use of it. */
  moments?: Pick<InputMoments, "of"> | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number; name: string }) => void) | undefined;
  /** Is told of each matrix, under its first layer's name; `sqnrOutput` is estimated, and only where `moments` are known. */
  onLayer?: ((report: LayerReport) => void) | undefined;
}

/** Inputs that hold the matrix, its scale and its zero point (float matrices have none), by operator. */
const layouts: Readonly<Record<string, { b: number; scale?: number; zero?: number }>> = {
  MatMulIntegerToFloat: { b: 1, scale: 3, zero: 5 },
  GatherDequantize: { b: 0, scale: 1, zero: 2 },
  MatMul: { b: 1 },
};

/** A matrix of the model, and the layers that use it. */
interface Found {
  b: Tensor;
  scale: Tensor | undefined;
  zero: Tensor | undefined;
  layers: NamedLayer[];
  products: { graph: string; node: string }[];
}

interface Blocks {
  q: Tensor;
  scales: Tensor;
  /** Noise over signal of the product's results. */
  noise: number;
  /** Of the weights, in dB. */
  sqnr: number;
}

/**
 * @throws OctavoxError `argument` for options that make no sense or a pattern that no layer matches, `unsupported`
 *   for a model without a matrix to quantize; the signal's reason when aborted
 */
export async function quantizeWeights(model: Model, options: WeightOptions): Promise<Model> {
  const { bits, block = 32, keep = [], spare = 0, moments, signal, onProgress, onLayer } = options;
  const { round = moments ? gptqBlocks : fitBlocks } = options;
  checkOptions(bits, block, spare);
  const unpacked: PanelCache = new Map();
  const graphs = model.graphs.map((graph) => unpackMatrices(graph, unpacked));
  const keyOf = createKeys();
  const found = findMatrices(graphs, keyOf);
  const layers = [...found.values()].flatMap((each) => each.layers);
  if (layers.length === 0)
    throw new OctavoxError("unsupported", "a model without weights to quantize", {
      expected: `a constant matrix in ${Object.keys(layouts).join(", ")}`,
      found: "none",
    });
  checkPatterns(keep, layers);
  const chosen = [...found].filter(
    ([, each]) => !each.layers.some((layer) => keep.some((pattern) => matches(pattern, layer))),
  );
  const blocks = new Map<string, Blocks>();
  const breath = new Breath();
  for (const [done, [key, each]] of chosen.entries()) {
    await breath.take(signal);
    onProgress?.({ done, total: chosen.length, name: each.layers[0].name });
    blocks.set(key, toBlocks(each, block, round, moments?.of(each.products)));
  }
  const kept = new Set(spared(blocks, spare));
  for (const [key, each] of blocks) onLayer?.(reportOf(found.get(key)!, each, kept.has(key), moments));
  for (const key of kept) blocks.delete(key);
  const panels: PanelCache = new Map();
  const rewritten = graphs.map((graph) =>
    rewriteNodes(graph, new Map(), (node, view) => {
      const parts = partsOf(node, view.constant);
      const made = parts && blocks.get(keyOf(parts));
      return made && operators[node.op](node, made, block, view);
    }),
  );
  return { ...model, graphs: rewritten.map((graph) => packMatrices(removeDead(graph), panels)) };
}

/** Whether a model's matrices are integers already, which `quantize` does not take. */
export function hasIntegerMatrices({ graphs }: Model): boolean {
  return graphs.some(({ nodes }) => nodes.some(({ op }) => Object.hasOwn(layouts, op) && layouts[op].scale));
}

function checkOptions(bits: number, block: number, spare: number): void {
  const fail = (name: string, expected: string, found: unknown): never => {
    throw new OctavoxError("argument", name, { expected, found: String(found) });
  };
  if (bits !== 4) fail("bits", "4: other widths need the quantizer's schemes", bits);
  if (!(Number.isInteger(block) && block > 0 && block % 8 === 0 && block <= 4096))
    fail("block", "a multiple of 8 up to 4096", block);
  if (!(spare >= 0 && spare < 1)) fail("spare", "a share of the weights, 0 or more and below 1", spare);
}

/** The matrices of a model by `keyOf`: one that several graphs use is one. */
function findMatrices(graphs: readonly Graph[], keyOf: (parts: Parts) => string): Map<string, Found> {
  const found = new Map<string, Found>();
  for (const { name: graph, constants, nodes } of graphs)
    for (const node of nodes) {
      const parts = partsOf(node, (name) => constants.get(name));
      if (!parts) continue;
      const key = keyOf(parts);
      const each = found.get(key) ?? { ...parts, layers: [], products: [] };
      each.layers.push({ name: node.name, op: node.op, roles: new Set() });
      each.products.push({ graph, node: node.name });
      found.set(key, each);
    }
  return found;
}

type Parts = Pick<Found, "b" | "scale" | "zero">;

/** The constant matrix of a node, of int8 or float32, with what it is read with. */
function partsOf(node: Node, constant: (name: string) => Tensor | undefined): Parts | undefined {
  const layout = Object.hasOwn(layouts, node.op) ? layouts[node.op] : undefined;
  const input = (index: number | undefined) =>
    index === undefined ? undefined : constant(node.inputs[index] ?? "");
  const b = input(layout?.b);
  if (!layout || b?.dims.length !== 2 || b.size === 0) return undefined;
  const [scale, zero] = [input(layout.scale), input(layout.zero)];
  const readable = layout.scale === undefined ? b.dtype === "float32" : b.dtype === "int8" && scale && zero;
  return readable ? { b, scale, zero } : undefined;
}

/** The noisiest matrices, as many as have no more than this share of the weights together. */
function spared(blocks: ReadonlyMap<string, Blocks>, share: number): string[] {
  let left = share * [...blocks.values()].reduce((sum, { q }) => sum + q.size, 0);
  const noisiest = [...blocks].sort(([, a], [, b]) => b.noise - a.noise);
  return noisiest.flatMap(([key, { q }]) => {
    if (q.size > left) return [];
    left -= q.size;
    return [key];
  });
}

/** A name for what the same tensors make: constants keep their identity in all the graphs of a model. */
function createKeys(): (parts: Parts) => string {
  const ids = new Map<Tensor | undefined, number>();
  const idOf = (tensor: Tensor | undefined): number => {
    if (!ids.has(tensor)) ids.set(tensor, ids.size);
    return ids.get(tensor)!;
  };
  return ({ b, scale, zero }) => [b, scale, zero].map(idOf).join();
}

/** Scales of 16 bits where all of them keep most of theirs: half the bytes, an error far below that of 4 bits. */
function toBlocks(
  { b, scale, zero }: Found,
  block: number,
  round: BlockRounding,
  moments?: Float64Array,
): Blocks {
  const [k, n] = b.dims;
  const values = toFloats(b, scale, zero);
  const problem = { values, k, n, block, moments };
  const half = round({ ...problem, storedScale: roundToHalf });
  const fits = half.scales.every((each) => each === 0 || inHalfRange(Math.abs(each)));
  const { q, scales } = fits ? half : round({ ...problem, storedScale: Math.fround });
  const blocks = Math.ceil(k / block);
  const restored = (i: number): number => q[i] * scales[Math.floor(i / n / block) * n + (i % n)];
  const errors = noError();
  addError(
    errors,
    values,
    Float32Array.from(q, (_, i) => restored(i)),
  );
  return {
    q: new Tensor("int4", q, [k, n]),
    scales: new Tensor(fits ? "float16" : "float32", scales, [blocks, n]),
    noise: outputNoise(values, restored, [k, n], moments),
    sqnr: decibels(errors),
  };
}

/** What a matrix lost; nothing where it is spared. */
function reportOf(
  { b, scale, zero, layers, products }: Found,
  { q, scales, noise, sqnr }: Blocks,
  spared: boolean,
  moments: WeightOptions["moments"],
): LayerReport {
  const before = scale ? 8 : FLOAT_BITS;
  const [{ name, op }] = layers;
  const bytesBefore = bytesOf(b);
  const known = !spared && moments?.of(products) !== undefined;
  return {
    ...{ name, op, bits: spared ? before : 4, activationBits: 8 },
    ...{ sqnrWeights: spared ? null : sqnr, sqnrInput: null },
    sqnrOutput: known ? -10 * Math.log10(noise) : null,
    ...{ saturated: 0, range: null, bytesBefore, bytesAfter: spared ? bytesBefore : Math.ceil(bytesOf(q)) },
    bytesScales: spared ? bytesOf(scale) + bytesOf(zero) : bytesOf(scales),
    ...(spared ? { note: scale ? "8-bit weights" : "weights in float" } : {}),
  };
}

const bytesOf = (tensor: Tensor | undefined): number =>
  tensor ? (tensor.size * traits(tensor.dtype).bits) / 8 : 0;

/** Halves have 11 bits from 2^−14 on. */
function inHalfRange(scale: number): boolean {
  return scale >= 2 ** -14 && scale < 65504;
}

/** What a matrix stands for: (q − zero)·scale, both one or one a column; or itself. */
function toFloats(b: Tensor, scale: Tensor | undefined, zero: Tensor | undefined): Float32Array {
  if (!scale || !zero) return b.data as Float32Array;
  const n = b.dims[1];
  const [scales, zeros] = [scale.numbers(), zero.numbers()];
  const at = (list: readonly number[], column: number) => (list.length === 1 ? list[0] : list[column]);
  return Float32Array.from(b.data as Int8Array, (q, i) => (q - at(zeros, i % n)) * at(scales, i % n));
}

type Make = (node: Node, blocks: Blocks, block: number, view: View) => readonly Node[];

const named = (node: Node, made: Node): Node => ({ ...made, name: node.name });

/** Names of the matrix and its scales as constants of the graph. */
function constantsOf(name: string, { q, scales }: Blocks, view: View): [q: string, scales: string] {
  return [view.addConstant(`${name}/int4`, q), view.addConstant(`${name}/scales`, scales)];
}

/** The nodes that take a node's place. */
const operators: Readonly<Record<string, Make>> = {
  MatMulIntegerToFloat(node, blocks, block, view) {
    const [a, b, aScale, , aZero, , ...bias] = node.inputs;
    const [q, scales] = constantsOf(b, blocks, view);
    const inputs = [a, q, aScale, scales, aZero, ...bias];
    return [named(node, makeNode("MatMulBlocksToFloat", inputs, node.outputs, { block }))];
  },
  GatherDequantize(node, blocks, block, view) {
    const [b, , , indices] = node.inputs;
    const inputs = [...constantsOf(b, blocks, view), indices];
    return [named(node, makeNode("GatherBlocks", inputs, node.outputs, { block }))];
  },
  MatMul(node, blocks, block, view) {
    const [x, b] = node.inputs;
    const [q, scales] = constantsOf(b, blocks, view);
    const parts = ["quantized", "scale", "zero"].map((part) => view.fresh(`${node.name}/${part}`));
    const [a, aScale, aZero] = parts;
    const product = makeNode("MatMulBlocksToFloat", [a, q, aScale, scales, aZero], node.outputs, { block });
    return [makeNode("DynamicQuantizeLinear", [x], parts), named(node, product)];
  },
};
