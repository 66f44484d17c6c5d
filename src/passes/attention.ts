// Attention and rotary embedding: the dozens of nodes an exporter writes for them become one operator each,
// on [batch, time, heads·width] as the projections leave it, so that no head is ever moved in memory.

import type { Node } from "../model/graph.ts";
import { headSplit } from "./reshapes.ts";
import { int64, makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";

const toHeads = [0, 2, 1, 3];

/** A value followed back to the [B, T, H·d] tensor it was made of: how its axes were turned, what it was multiplied with. */
interface Heads {
  source: string;
  heads: number;
  width: number;
  perm: number[];
  scale: number;
}

/** Reshape(Transpose(softmax(scale · q kᵀ + mask) v))  →  Attention(q, k, v). */
export const fuseAttention =
  (causalMasks: ReadonlySet<string>): Rewrite =>
  (node, view) => {
    if (node.op !== "Reshape") return undefined;
    const transpose = view.producerOf(node.inputs[0], "Transpose");
    const context = transpose && view.producerOf(transpose.inputs[0], "MatMul");
    const softmax = context && view.producerOf(context.inputs[0], "Softmax");
    if (!softmax || String(transpose.attributes.perm) !== String(toHeads)) return undefined;
    const scores = matchScores(softmax.inputs[0], causalMasks, view);
    const product = scores && view.producerOf(scores.product, "MatMul");
    const v = traceHeads(context.inputs[1], view);
    const q = product && traceHeads(product.inputs[0], view);
    const k = product && traceHeads(product.inputs[1], view);
    if (!scores || !q || !k || !v || v.scale !== 1 || q.heads !== k.heads || k.heads !== v.heads)
      return undefined;
    const fits =
      [q, v].every((part) => String(part.perm) === String(toHeads)) && String(k.perm) === "0,2,3,1";
    if (!fits) return undefined;
    const attributes = { heads: q.heads, scale: scores.scale * q.scale * k.scale, causal: scores.causal };
    return [makeNode("Attention", [q.source, k.source, v.source], node.outputs, attributes)];
  };

function matchScores(value: string, causalMasks: ReadonlySet<string>, view: View) {
  const add = view.producerOf(value, "Add");
  const mask = add?.inputs.find((input) => causalMasks.has(input));
  if (add && mask === undefined) return undefined;
  const { value: product, scale } = unscale(add ? otherInput(add, mask!) : value, view);
  return { product, scale, causal: add ? 1 : 0 };
}

/** Follows multiplications and divisions by a constant number back. */
function unscale(value: string, view: View): { value: string; scale: number } {
  const node = view.producer(value);
  const divisor = node?.op === "Div" ? view.scalar(node.inputs[1]) : undefined;
  if (node && divisor !== undefined) {
    const inner = unscale(node.inputs[0], view);
    return { value: inner.value, scale: inner.scale / divisor };
  }
  for (const input of node?.op === "Mul" ? node.inputs : []) {
    const factor = view.scalar(input);
    if (factor === undefined) continue;
    const inner = unscale(otherInput(node!, input), view);
    return { value: inner.value, scale: inner.scale * factor };
  }
  return { value, scale: 1 };
}

function traceHeads(value: string, view: View): Heads | undefined {
  let perm = [0, 1, 2, 3];
  let scale = 1;
  for (let current = value; ; ) {
    const scaled = unscale(current, view);
    scale *= scaled.scale;
    const node = view.producer(scaled.value);
    if (node?.op === "Transpose") {
      const inner = node.attributes.perm as number[];
      perm = perm.map((axis) => inner[axis]);
      current = node.inputs[0];
      continue;
    }
    const split = node?.op === "Reshape" ? headSplit(node, view) : undefined;
    return split && { source: node!.inputs[0], heads: split[0], width: split[1], perm, scale };
  }
}

/**
 * x·cos + turned(x)·sin on the first r values of each head, pairs interleaved, the rest as it was  →  RotaryEmbedding.
 * turned(x) is (−x1, x0, −x3, x2, …); cos and sin are given twice each, (c0, c0, c1, c1, …).
 */
export const fuseRotary: Rewrite = (node, view) => {
  if (node.op !== "Concat" || node.inputs.length !== 2) return undefined;
  const sum = view.producerOf(node.inputs[0], "Add");
  const rest = view.producerOf(node.inputs[1], "Slice");
  const x = rest && traceHeads(rest.inputs[0], view);
  if (!sum || !x || String(x.perm) !== String(toHeads) || x.scale !== 1) return undefined;
  for (const side of [0, 1]) {
    const plain = view.producerOf(sum.inputs[side], "Mul");
    const turned = view.producerOf(sum.inputs[1 - side], "Mul");
    const match = plain && turned && matchTurned(plain, turned, rest.inputs[0], view);
    if (match) return rotary(node, x, match, view);
  }
  return undefined;
};

/** The two products of the rotation: which of their inputs are the cosines and the sines, and how many values turn. */
function matchTurned(plain: Node, turned: Node, whole: string, view: View) {
  for (const head of plain.inputs) {
    const slice = view.producerOf(head, "Slice");
    if (slice?.inputs[0] !== whole) continue;
    for (const pairs of turned.inputs) {
      if (!isTurned(view.producer(pairs), head, view)) continue;
      const rotary = view.fact(head)?.dims?.at(-1);
      const [cos, sin] = [otherInput(plain, head), otherInput(turned, pairs)];
      if (typeof rotary === "number" && isDoubled(cos, view) && isDoubled(sin, view))
        return { rotary, cos, sin };
    }
  }
  return undefined;
}

/** Reshape(Concat(Unsqueeze(−odd), Unsqueeze(even))) of one value. */
function isTurned(reshape: Node | undefined, head: string, view: View): boolean {
  const pair = reshape?.op === "Reshape" ? view.producerOf(reshape.inputs[0], "Concat") : undefined;
  if (pair?.inputs.length !== 2) return false;
  const [first, second] = pair.inputs.map((input) => view.producerOf(input, "Unsqueeze")?.inputs[0] ?? "");
  const negated = view.producerOf(first, "Neg")?.inputs[0] ?? "";
  return everySecond(negated, 1, head, view) && everySecond(second, 0, head, view);
}

function everySecond(value: string, start: number, of: string, view: View): boolean {
  const slice = view.producerOf(value, "Slice");
  return (
    slice?.inputs[0] === of && view.scalar(slice.inputs[1]) === start && view.scalar(slice.inputs[4]) === 2
  );
}

/** Whether neighbours are equal by construction: f(Reshape(Concat(Unsqueeze(t), Unsqueeze(t)))). */
function isDoubled(value: string, view: View): boolean {
  let node = view.producer(value);
  while (node && ["Unsqueeze", "Cos", "Sin", "Mul", "Cast"].includes(node.op))
    node = view.producer(node.inputs[0]);
  const pair = node?.op === "Reshape" ? view.producerOf(node.inputs[0], "Concat") : undefined;
  const parts = pair?.inputs.map((input) => view.producerOf(input, "Unsqueeze")?.inputs[0]) ?? [];
  return parts.length === 2 && parts[0] !== undefined && parts[0] === parts[1];
}

function rotary(
  node: Node,
  x: Heads,
  { rotary, cos, sin }: { rotary: number; cos: string; sin: string },
  view: View,
): Node[] {
  const turned = view.fresh(`${node.outputs[0]}/turned`);
  const split = view.fresh(`${node.outputs[0]}/split`);
  const [cosNodes, cosHalf] = half(cos, rotary, view);
  const [sinNodes, sinHalf] = half(sin, rotary, view);
  const shape = view.addConstant(`${split}/shape`, int64(0, 0, x.heads, x.width));
  return [
    ...cosNodes,
    ...sinNodes,
    makeNode("RotaryEmbedding", [x.source, cosHalf, sinHalf], [turned], { heads: x.heads, interleaved: 1 }),
    makeNode("Reshape", [turned, shape], [split]),
    makeNode("Transpose", [split], node.outputs, { perm: toHeads }),
  ];
}

/** Every second column of a doubled table, as [T, r/2]: made once a table, found again by its name. */
function half(table: string, rotary: number, view: View): [Node[], string] {
  const name = `${table}/half`;
  if (view.producer(name)) return [[], name];
  const rank = view.fact(table)?.dims?.length ?? 0;
  const constant = (part: string, ...values: number[]): string =>
    view.addConstant(`${name}/${part}`, int64(...values));
  const inputs = [
    constant("starts", 0),
    constant("ends", rotary),
    constant("axes", rank - 1),
    constant("steps", 2),
  ];
  const nodes = [
    makeNode("Slice", [table, ...inputs], [`${name}/slice`]),
    makeNode("Reshape", [`${name}/slice`, constant("shape", -1, rotary / 2)], [name]),
  ];
  return [nodes, name];
}
