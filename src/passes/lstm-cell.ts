// A step of an LSTM that an exporter has written out, gate by gate, becomes one operator again. Which quarter of the sums
// is which gate differs from exporter to exporter, and is read off the pattern.

import type { Node } from "../model/graph.ts";
import { makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";

/** A quarter of the last axis of a value. */
interface Quarter {
  source: string;
  index: number;
}

function quarterOf(value: string, view: View): Quarter | undefined {
  const node = view.producer(value);
  const [whole, part] = [node?.inputs[0] ?? "", value].map((name) => view.fact(name)?.dims);
  const [size, own] = [whole?.at(-1), part?.at(-1)];
  if (!node || !whole || typeof own !== "number" || size !== 4 * own) return undefined;
  const last = whole.length - 1;
  const isLast = (axis: number | undefined): boolean => axis === last || axis === -1;
  if (node.op === "Split") {
    const equal =
      node.outputs.length === 4 && node.outputs.every((name) => view.fact(name)?.dims?.at(-1) === own);
    const axis = (node.attributes.axis as number | undefined) ?? 0;
    return equal && isLast(axis) ? { source: node.inputs[0], index: node.outputs.indexOf(value) } : undefined;
  }
  if (node.op !== "Slice") return undefined;
  const [start, axis = 0, step = 1] = [1, 3, 4].map((at) => view.scalar(node.inputs[at] ?? ""));
  const index = start === undefined ? -1 : (start < 0 ? start + 4 * own : start) / own;
  return isLast(axis) && step === 1 && Number.isInteger(index)
    ? { source: node.inputs[0], index }
    : undefined;
}

/** The gate of a value that is an activation of a quarter. */
function gateOf(value: string, activation: "Sigmoid" | "Tanh", view: View): Quarter | undefined {
  const node = view.producerOf(value, activation);
  return node && quarterOf(node.inputs[0], view);
}

/** σ(f)·c + σ(i)·tanh(g)  →  the second output of LstmCell. */
export const fuseLstmCell: Rewrite = (node, view) =>
  node.op === "Add" ? matchMemory(node, view) : matchOutput(node, view);

function matchMemory(node: Node, view: View): Node[] | undefined {
  for (const kept of node.inputs) {
    const [keep, add] = [view.producerOf(kept, "Mul"), view.producerOf(otherInput(node, kept), "Mul")];
    for (const forget of keep?.inputs ?? [])
      for (const input of add?.inputs ?? []) {
        const c = otherInput(keep!, forget);
        const found = [
          gateOf(input, "Sigmoid", view),
          gateOf(forget, "Sigmoid", view),
          gateOf(otherInput(add!, input), "Tanh", view),
        ];
        const order = orderOf(found);
        const sums = found[0]?.source;
        if (!order || sums === undefined || !fits(sums, c, view)) continue;
        const h = view.fresh(`${node.outputs[0]}/h`);
        return [makeNode("LstmCell", [sums, c], [h, node.outputs[0]], { order })];
      }
  }
  return undefined;
}

/** The letters of the gates in their order, when three different quarters of one value are known. */
function orderOf(gates: readonly (Quarter | undefined)[]): string | undefined {
  const letters = ["o", "o", "o", "o"];
  for (const [at, letter] of [..."ifc"].entries()) {
    const gate = gates[at];
    if (!gate || gate.source !== gates[0]!.source || letters[gate.index] !== "o") return undefined;
    letters[gate.index] = letter;
  }
  return letters.join("");
}

/** Whether c has a quarter of the sums' values, row by row. */
function fits(sums: string, c: string, view: View): boolean {
  const [whole, part] = [view.fact(sums)?.dims, view.fact(c)?.dims];
  const rows = (dims: typeof whole): string => String(dims?.slice(0, -1));
  return whole !== undefined && part?.length === whole.length && rows(whole) === rows(part);
}

/** σ(o)·tanh(c′) with c′ of an LstmCell  →  its first output. */
function matchOutput(node: Node, view: View): Node[] | undefined {
  if (node.op !== "Mul") return undefined;
  for (const gated of node.inputs) {
    const tanh = view.producerOf(otherInput(node, gated), "Tanh");
    const cell = tanh && view.producerOf(tanh.inputs[0], "LstmCell");
    const gate = cell && gateOf(gated, "Sigmoid", view);
    if (!cell || !gate || cell.outputs[1] !== tanh.inputs[0] || gate.source !== cell.inputs[0]) continue;
    if (gate.index !== (cell.attributes.order as string).indexOf("o")) continue;
    return [makeNode("Identity", [cell.outputs[0]], node.outputs)];
  }
  return undefined;
}
