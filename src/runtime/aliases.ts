// Operators that only give bytes another name: reshapes, and slices and transposes that move nothing.

import type { Dim } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import type { Fact } from "../model/shapes/site.ts";
import { elementBytes } from "../tensor/dtype.ts";

const renames = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten"]);

/** If output 0 of a node is a part of input 0 as it lies in memory: the offset of its first byte. */
export function aliasOffset(node: Node, facts: ReadonlyMap<string, Fact>): number | undefined {
  if (renames.has(node.op)) return 0;
  if (node.op === "Transpose") return movesNothing(node, facts.get(node.inputs[0])?.dims) ? 0 : undefined;
  return node.op === "Slice" ? sliceOffset(node, facts) : undefined;
}

/** True when the axes longer than one keep their order. */
function movesNothing(node: Node, dims: readonly Dim[] | undefined): boolean {
  if (!dims) return false;
  const perm =
    (node.attributes.perm as number[] | undefined) ?? dims.map((_, axis) => dims.length - 1 - axis);
  const long = perm.filter((axis) => dims[axis] !== 1);
  return long.every((axis, index) => index === 0 || axis > long[index - 1]);
}

/** A slice with step 1 along the first axis that is longer than one. */
function sliceOffset(node: Node, facts: ReadonlyMap<string, Fact>): number | undefined {
  const fact = facts.get(node.inputs[0]);
  const dims = fact?.dims;
  const value = (index: number): readonly Dim[] | undefined => facts.get(node.inputs[index] ?? "")?.value;
  const [start] = value(1) ?? [];
  const [axis] = value(3) ?? [0];
  const [step] = value(4) ?? [1];
  const rank = dims?.length ?? 0;
  if (!fact || !dims?.every((dim) => typeof dim === "number")) return undefined;
  if (value(1)?.length !== 1 || typeof start !== "number" || typeof axis !== "number" || step !== 1)
    return undefined;
  const sliced = axis < 0 ? axis + rank : axis;
  if (dims.slice(0, sliced).some((dim) => dim !== 1)) return undefined;
  const length = dims[sliced] as number;
  const first = Math.min(Math.max(start < 0 ? start + length : start, 0), length);
  const inner = (dims.slice(sliced + 1) as number[]).reduce((product, dim) => product * dim, 1);
  return first * inner * elementBytes(fact.dtype);
}
