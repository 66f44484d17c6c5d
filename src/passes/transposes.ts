// Transposes travel with the data until they meet their inverse and vanish. Layout changes that one operator
// asked for thus cost nothing between two operators that agree.

import { equal } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { int64, makeNode, type Rewrite, type View } from "./rewrite.ts";

const unary = new Set([
  "Tanh",
  "Gelu",
  "Swish",
  "Relu",
  "Sigmoid",
  "Erf",
  "Exp",
  "Neg",
  "Sqrt",
  "Abs",
  "Cast",
  "Clip",
]);
const binary = new Set(["Add", "Sub", "Mul", "Div", "AddQuantized"]);
/** Elementwise where scale and zero point are single numbers. */
const affine = new Set(["QuantizeLinear", "DequantizeLinear"]);

/** f(Transpose(x)) → Transpose(f(x)); Transpose(Transpose(x)) → one, or nothing when they undo each other. */
export const sinkTransposes: Rewrite = (node, view) => {
  const before = view.producerOf(node.inputs[0] ?? "", "Transpose");
  if (node.op === "Transpose" && before) return merge(before, node, view);
  const scalars = affine.has(node.op) && node.inputs.slice(1).every((input) => isScalar(input, view));
  if ((unary.has(node.op) || scalars) && before)
    return sink(node, before, [before.inputs[0], ...node.inputs.slice(1)], view);
  if (binary.has(node.op)) return sinkBinary(node, view);
  if (node.op === "Concat") return sinkConcat(node, view);
  if (node.op === "Slice" && before) return sinkSlice(node, before, view);
  return undefined;
};

/** Where each axis of a transpose comes from; ONNX's default turns all of them around. */
export function permOf(node: Node, view: View): readonly number[] | undefined {
  const given = node.attributes.perm as readonly number[] | undefined;
  return given ?? view.fact(node.inputs[0])?.dims?.map((_, axis, { length }) => length - 1 - axis);
}

function merge(first: Node, second: Node, view: View): Node[] | undefined {
  const [outer, inner] = [permOf(second, view), permOf(first, view)];
  if (!outer || !inner) return undefined;
  const perm = outer.map((axis) => inner[axis]);
  const identity = perm.every((axis, index) => axis === index);
  return [
    makeNode(identity ? "Identity" : "Transpose", first.inputs, second.outputs, identity ? {} : { perm }),
  ];
}

function sink(
  node: Node,
  transpose: Node,
  inputs: string[],
  view: View,
  attributes = node.attributes,
): Node[] {
  const name = view.fresh(`${node.outputs[0]}/straight`);
  return [
    { ...node, inputs, outputs: [name], attributes },
    makeNode("Transpose", [name], node.outputs, transpose.attributes),
  ];
}

/** Both sides transposed alike; or one, the other being a constant that does not notice (a scalar) or can be turned the other way. */
function sinkBinary(node: Node, view: View): Node[] | undefined {
  const both = node.inputs.map((input) => view.producerOf(input, "Transpose"));
  const [left, right] = both.map((each) => each && permOf(each, view));
  if (left && String(left) === String(right) && sameSizes(node.inputs, view)) {
    const straight = both.map((each) => each!.inputs[0]);
    return sink(node, both[0]!, straight, view);
  }
  for (const side of [0, 1]) {
    const transpose = view.producerOf(node.inputs[side], "Transpose");
    const constant = view.constant(node.inputs[1 - side]);
    if (!transpose || constant === undefined) continue;
    // One number of more axes than the value gives it more axes.
    if (constant.size !== 1 || constant.dims.length > (permOf(transpose, view)?.length ?? 0)) continue;
    const inputs = [...node.inputs];
    inputs[side] = transpose.inputs[0];
    inputs[1 - side] = view.addConstant(node.inputs[1 - side], scalarOf(constant));
    return sink(node, transpose, inputs, view);
  }
  return undefined;
}

function isScalar(value: string, view: View): boolean {
  const dims = view.fact(value)?.dims;
  return dims?.every((dim) => dim === 1) === true && dims.length <= 1;
}

function sameSizes([a, b]: readonly string[], view: View): boolean {
  const [left, right] = [view.fact(a)?.dims, view.fact(b)?.dims];
  return left !== undefined && left.length === right?.length && left.every((dim, i) => equal(dim, right[i]));
}

const scalars = new WeakMap<Tensor, Tensor>();
function scalarOf(tensor: Tensor): Tensor {
  const known = scalars.get(tensor) ?? new Tensor(tensor.dtype, tensor.data, []);
  scalars.set(tensor, known);
  return known;
}

/** Every part transposed alike: join them straight, transpose once. */
function sinkConcat(node: Node, view: View): Node[] | undefined {
  const parts = node.inputs.map((input) => view.producerOf(input, "Transpose"));
  const perms = parts.map((part) => part && permOf(part, view));
  const [perm] = perms;
  if (!perm || perms.some((each) => String(each) !== String(perm))) return undefined;
  const axis = (node.attributes.axis as number) + ((node.attributes.axis as number) < 0 ? perm.length : 0);
  return sink(
    node,
    parts[0]!,
    parts.map((part) => part!.inputs[0]),
    view,
    { axis: perm[axis] },
  );
}

/** A part along constant axes: those of the value before it was turned. */
function sinkSlice(node: Node, transpose: Node, view: View): Node[] | undefined {
  const [perm, axes] = [permOf(transpose, view), view.constant(node.inputs[3] ?? "")?.numbers()];
  if (!perm || !axes) return undefined;
  const turned = axes.map((axis) => perm[axis < 0 ? axis + perm.length : axis]);
  const inputs = [...node.inputs];
  inputs[0] = transpose.inputs[0];
  inputs[3] = view.addConstant(`${node.outputs[0]}/axes`, int64(...turned));
  return sink(node, transpose, inputs, view);
}
