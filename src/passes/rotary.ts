// Rotary embedding: x·cos + turned(x)·sin on the first r values of each head, which exporters write with two dozen
// nodes, becomes one operator on [batch, time, heads·width].

import { type Dim, equal } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import { type Heads, toHeads, traceHeads } from "./heads.ts";
import { int64, makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";

/**
 * Concat(x·cos + turned(x)·sin, rest)  →  RotaryEmbedding. Pairs are interleaved: turned(x) is (−x1, x0, −x3, x2, …);
 * cos and sin are given twice each, (c0, c0, c1, c1, …).
 */
export const fuseRotary: Rewrite = (node, view) => {
  if (node.op !== "Concat" || node.inputs.length !== 2 || !isOverLast(node, node.outputs[0], view))
    return undefined;
  const sum = view.producerOf(node.inputs[0], "Add");
  const rest = sliceOf(node.inputs[1], view);
  const x = rest && traceHeads(rest.source, view);
  if (!sum || !x || String(x.perm) !== String(toHeads) || x.scale !== 1) return undefined;
  for (const side of [0, 1]) {
    const plain = view.producerOf(sum.inputs[side], "Mul");
    const turned = view.producerOf(sum.inputs[1 - side], "Mul");
    const match = plain && turned && matchTurned(plain, turned, rest.source, view);
    const whole = match && rest.start === match.rotary && rest.size === x.width - match.rotary;
    if (match && whole && rest.step === 1 && areTables(match, x, view)) return rotary(node, x, match, view);
  }
  return undefined;
};

interface Turned {
  /** How many values of each head turn. */
  rotary: number;
  cos: string;
  sin: string;
}

/** The two products of the rotation: which of their inputs are the cosines and the sines, and how many values turn. */
function matchTurned(plain: Node, turned: Node, whole: string, view: View): Turned | undefined {
  for (const head of plain.inputs) {
    const slice = sliceOf(head, view);
    if (slice?.source !== whole || slice.start !== 0 || slice.step !== 1) continue;
    for (const pairs of turned.inputs) {
      if (!isTurned(pairs, head, slice.size, view)) continue;
      const [cos, sin] = [otherInput(plain, head), otherInput(turned, pairs)];
      if (isDoubled(cos, view) && isDoubled(sin, view)) return { rotary: slice.size, cos, sin };
    }
  }
  return undefined;
}

/** Reshape(Concat(Unsqueeze(−odd), Unsqueeze(even))) of one value. */
function isTurned(value: string, head: string, rotary: number, view: View): boolean {
  const pair = pairedBy(view.producerOf(value, "Reshape"), view);
  const negated = pair && view.producerOf(pair[0], "Neg")?.inputs[0];
  if (!pair || !negated || view.fact(value)?.dims?.at(-1) !== rotary) return false;
  return [negated, pair[1]].every((part, index) => {
    const slice = sliceOf(part, view);
    return slice?.source === head && slice.start === 1 - index && slice.step === 2;
  });
}

/** Whether neighbours are equal: by construction, as f(Reshape(Concat(Unsqueeze(t), Unsqueeze(t)))), or as constants. */
function isDoubled(value: string, view: View): boolean {
  const constant = view.constant(value)?.data;
  if (constant) return constant.every((x: number | bigint, index: number) => x === constant[index & ~1]);
  let node = view.producer(value);
  while (node && keepsNeighbours(node, view)) node = view.producer(node.inputs[0]);
  const pair = node?.op === "Reshape" ? pairedBy(node, view) : undefined;
  return pair !== undefined && pair[0] === pair[1];
}

function keepsNeighbours({ op, inputs }: Node, view: View): boolean {
  if (op === "Mul") return view.scalar(inputs[1]) !== undefined;
  const [before, axes] = [view.fact(inputs[0])?.dims?.length ?? 0, view.constant(inputs[1] ?? "")?.numbers()];
  if (op === "Unsqueeze") return axes?.every((axis) => axis >= 0 && axis < before) ?? false;
  return ["Cos", "Sin", "Cast"].includes(op);
}

/** a and b of Reshape(Concat(Unsqueeze(a), Unsqueeze(b))), when they become neighbours along the last axis. */
function pairedBy(reshape: Node | undefined, view: View): [string, string] | undefined {
  const pair = reshape && view.producerOf(reshape.inputs[0], "Concat");
  if (pair?.inputs.length !== 2 || !isOverLast(pair, pair.outputs[0], view)) return undefined;
  const [a, b] = pair.inputs.map((input) => view.producerOf(input, "Unsqueeze")?.inputs[0]);
  const last = view.fact(pair.outputs[0])?.dims?.slice(-2);
  const joined = view.fact(reshape!.outputs[0])?.dims?.at(-1);
  if (a === undefined || b === undefined || last?.[1] !== 2 || joined !== 2 * Number(last[0]))
    return undefined;
  return [a, b];
}

function isOverLast({ attributes }: Node, value: string, view: View): boolean {
  return attributes.axis === -1 || attributes.axis === (view.fact(value)?.dims?.length ?? 0) - 1;
}

/** A slice of known size along the last axis. */
function sliceOf(value: string, view: View) {
  const node = view.producerOf(value, "Slice");
  const rank = node && view.fact(node.inputs[0])?.dims?.length;
  const size = view.fact(value)?.dims?.at(-1);
  if (!node || rank === undefined || typeof size !== "number") return undefined;
  const [start, axis, step = 1] = [1, 3, 4].map((index) => view.scalar(node.inputs[index] ?? ""));
  if (start === undefined || (axis !== -1 && axis !== rank - 1)) return undefined;
  return { source: node.inputs[0], start, step, size };
}

/** Whether cos and sin have one row for each position, whatever the batch and the head. */
function areTables({ rotary, cos, sin }: Turned, x: Heads, view: View): boolean {
  const time = view.fact(x.source)!.dims![1];
  return [cos, sin].every((table) => {
    const dims = view.fact(table)?.dims ?? [];
    const isOne = (dim: Dim) => dim === 1;
    return (
      dims.length >= 2 &&
      dims.at(-1) === rotary &&
      equal(dims.at(-2)!, time) &&
      dims.slice(0, -2).every(isOne)
    );
  });
}

function rotary(node: Node, x: Heads, { rotary, cos, sin }: Turned, view: View): Node[] {
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
