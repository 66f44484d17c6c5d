// Heads: a value of [batch, heads, time, width] followed back to the [batch, time, heads·width] that a projection
// left, so that operators on heads can read it as it lies.

import { headSplit } from "./reshapes.ts";
import { otherInput, type View } from "./rewrite.ts";
import { permOf } from "./transposes.ts";

/** [B, T, H, d] → [B, H, T, d], and back. */
export const toHeads = [0, 2, 1, 3];

/** Where a value comes from: how its axes were turned on the way, and what it was multiplied with. */
export interface Heads {
  source: string;
  heads: number;
  width: number;
  perm: readonly number[];
  scale: number;
}

export function traceHeads(value: string, view: View): Heads | undefined {
  let perm: readonly number[] = [0, 1, 2, 3];
  let scale = 1;
  for (let current = value; ; ) {
    const scaled = unscale(current, view);
    scale *= scaled.scale;
    const node = view.producer(scaled.value);
    const inner = node?.op === "Transpose" ? permOf(node, view) : undefined;
    if (node && inner) {
      perm = perm.map((axis) => inner[axis]);
      current = node.inputs[0];
      continue;
    }
    const split = node?.op === "Reshape" ? headSplit(node, view) : undefined;
    return split && { source: node!.inputs[0], heads: split[0], width: split[1], perm, scale };
  }
}

/** Follows multiplications and divisions by a constant number back. */
export function unscale(value: string, view: View): { value: string; scale: number } {
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
