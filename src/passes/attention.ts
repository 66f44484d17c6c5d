// Attention: the nodes an exporter writes for it become one operator on [batch, time, heads·width] as the
// projections leave it, so that no head is ever moved in memory.

import { equal } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import { type Heads, toHeads, traceHeads, unscale } from "./heads.ts";
import { makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";
import { permOf } from "./transposes.ts";

/** Reshape(Transpose(softmax(scale · q kᵀ + mask) v))  →  Attention(q, k, v). */
export const fuseAttention =
  (causalMasks: ReadonlySet<string>): Rewrite =>
  (node, view) => {
    if (node.op !== "Reshape") return undefined;
    const transpose = view.producerOf(node.inputs[0], "Transpose");
    const context = transpose && view.producerOf(transpose.inputs[0], "MatMul");
    const softmax = context && view.producerOf(context.inputs[0], "Softmax");
    if (!softmax || !isOver(softmax, 3) || String(permOf(transpose, view)) !== String(toHeads))
      return undefined;
    const scores = matchScores(softmax.inputs[0], causalMasks, view);
    const product = scores && view.producerOf(scores.product, "MatMul");
    const v = traceHeads(context.inputs[1], view);
    const q = product && traceHeads(product.inputs[0], view);
    const k = product && traceHeads(product.inputs[1], view);
    if (!scores || !q || !k || !v || v.scale !== 1 || !fit(q, k, v, view)) return undefined;
    if (!joinsHeads(node, q, v, view)) return undefined;
    const attributes = { heads: q.heads, scale: scores.scale * q.scale * k.scale, causal: scores.causal };
    return [makeNode("Attention", [q.source, k.source, v.source], node.outputs, attributes)];
  };

/**
 * Attention over what integer products made  →  AttentionInteger. Its 12 bits and more add nothing to the error of
 * those 8. One query alone (a decoder's step) stays with floats: packing the keys for it would cost more.
 */
export const attendInIntegers: Rewrite = (node, view) => {
  if (node.op !== "Attention" || node.inputs.length !== 3) return undefined;
  const [q, , v] = node.inputs;
  if (!view.producerOf(v, "MatMulIntegerToFloat") || view.fact(q)?.dims?.[1] === 1) return undefined;
  return [makeNode("AttentionInteger", node.inputs, node.outputs, node.attributes)];
};

/** Whether a node works along this axis of four. */
function isOver({ attributes }: Node, axis: number): boolean {
  return attributes.axis === axis || attributes.axis === axis - 4;
}

function matchScores(value: string, causalMasks: ReadonlySet<string>, view: View) {
  const add = view.producerOf(value, "Add");
  const mask = add?.inputs.find((input) => causalMasks.has(input));
  if (add && mask === undefined) return undefined;
  const { value: product, scale } = unscale(add ? otherInput(add, mask!) : value, view);
  return { product, scale, causal: add ? 1 : 0 };
}

/** Equally many heads of one batch, turned as the two products need them. */
function fit(q: Heads, k: Heads, v: Heads, view: View): boolean {
  const batch = (part: Heads) => view.fact(part.source)!.dims![0];
  return (
    [k, v].every((part) => part.heads === q.heads && equal(batch(part), batch(q))) &&
    [q, v].every((part) => String(part.perm) === String(toHeads)) &&
    String(k.perm) === "0,2,3,1"
  );
}

/** Whether the reshape at the end gives [batch, queries, heads·width]. */
function joinsHeads(reshape: Node, q: Heads, v: Heads, view: View): boolean {
  const joined = view.fact(reshape.outputs[0])?.dims;
  const source = view.fact(q.source)!.dims!;
  return (
    joined?.length === 3 &&
    joined[2] === v.heads * v.width &&
    [0, 1].every((axis) => equal(joined[axis], source[axis]))
  );
}
