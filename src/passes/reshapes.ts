// Reshapes move towards the end of the data's way and merge, as transposes do (`transposes.ts`).

import { type Dim, equal } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import { int64, makeNode, type Rewrite, type View } from "./rewrite.ts";

/** Reshape(Reshape(x)) → Reshape(x); Concat of heads split alike → split once after joining. */
export const sinkReshapes: Rewrite = (node, view) => {
  if (node.op === "Reshape") {
    const first = view.producerOf(node.inputs[0], "Reshape");
    const shape = first && targetShape(first.inputs[0], node.outputs[0], view);
    return first && shape ? [makeNode("Reshape", [first.inputs[0], shape], node.outputs)] : undefined;
  }
  return node.op === "Concat" ? sinkConcat(node, view) : undefined;
};

/** Concat([B,Ti,N] each split into [B,Ti,H,d], axis 1) → split(Concat(axis 1)). */
function sinkConcat(node: Node, view: View): Node[] | undefined {
  const parts = node.inputs.map((input) => view.producerOf(input, "Reshape"));
  const splits = parts.map((part) => part && headSplit(part, view));
  if (node.attributes.axis !== 1 || !splits[0] || splits.some((split) => String(split) !== String(splits[0])))
    return undefined;
  const joined = view.fresh(`${node.outputs[0]}/joined`);
  return [
    makeNode(
      "Concat",
      parts.map((part) => part!.inputs[0]),
      [joined],
      { axis: 1 },
    ),
    makeNode(
      "Reshape",
      [joined, view.addConstant(`${joined}/shape`, int64(0, 0, ...splits[0]))],
      node.outputs,
    ),
  ];
}

/** [heads, width] when a reshape splits the last of three axes and keeps the others. */
export function headSplit(reshape: Node, view: View): [number, number] | undefined {
  const from = view.fact(reshape.inputs[0])?.dims;
  const to = view.fact(reshape.outputs[0])?.dims;
  if (from?.length !== 3 || to?.length !== 4) return undefined;
  const [heads, width] = [to[2], to[3]];
  if (typeof heads !== "number" || typeof width !== "number") return undefined;
  return from[2] === heads * width && equal(from[0], to[0]) && equal(from[1], to[1])
    ? [heads, width]
    : undefined;
}

/** A constant that reshapes `from` to the shape of `to`: 0 where a size is kept, −1 for one unknown size. */
export function targetShape(from: string, to: string, view: View): string | undefined {
  const source = view.fact(from)?.dims;
  const target = view.fact(to)?.dims;
  if (!source || !target) return undefined;
  const kept = (dim: Dim, axis: number): boolean => axis < source.length && equal(dim, source[axis]);
  const shape = target.map((dim, axis) => (typeof dim === "number" ? dim : kept(dim, axis) ? 0 : -1));
  if (
    shape.filter((size) => size === -1).length > 1 ||
    shape.some((size, axis) => size === 0 && target[axis] === 0)
  )
    return undefined;
  return view.addConstant(`${to}/shape`, int64(...shape));
}
