// Operators that, with the arguments they have, are a plainer one: a power that is a square, a row picked by a constant,
// a mean over an axis of length 1, a split into one part.

import { sizeOf } from "../tensor/tensor.ts";
import { targetShape } from "./reshapes.ts";
import { int64, makeNode, type Rewrite } from "./rewrite.ts";

/** x² → x·x, √x as a power → Sqrt. */
export const plainPower: Rewrite = (node, view) => {
  const [x, exponent] = node.inputs;
  if (node.op !== "Pow" || view.fact(x)?.dtype !== "float32" || !keepsShape(view.fact(exponent)?.dims))
    return undefined;
  if (view.scalar(exponent) === 2) return [makeNode("Mul", [x, x], node.outputs)];
  return view.scalar(exponent) === 0.5 ? [makeNode("Sqrt", [x], node.outputs)] : undefined;
};

const keepsShape = (dims: readonly unknown[] | undefined): boolean => dims?.length === 0;

/** One index along an axis of floats, a constant: a slice of length 1 without that axis. */
export const plainGather: Rewrite = (node, view) => {
  const [x, index] = node.inputs;
  const [fact, at] = [view.fact(x), view.scalar(index)];
  if (node.op !== "Gather" || fact?.dtype !== "float32" || !fact.dims || at === undefined) return undefined;
  if (view.constant(x) || view.constant(index)!.dims.length > 1) return undefined;
  const given = (node.attributes.axis as number | undefined) ?? 0;
  const size = fact.dims[given < 0 ? given + fact.dims.length : given];
  if (typeof size !== "number" || at < -size || at >= size) return undefined;
  const first = at < 0 ? at + size : at;
  const shape = targetShape(x, node.outputs[0], view);
  if (shape === undefined) return undefined;
  const part = view.fresh(`${node.outputs[0]}/part`);
  const bounds = [first, first + 1, given].map((bound) => view.addConstant(`${part}/bound`, int64(bound)));
  return [makeNode("Slice", [x, ...bounds], [part]), makeNode("Reshape", [part, shape], node.outputs)];
};

const reductions = new Set(["ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceProd"]);

/** What changes the number of axes only, by as many values as there were. */
export const plainReduction: Rewrite = (node, view) => {
  if (!reductions.has(node.op)) return undefined;
  const sizes = [node.inputs[0], node.outputs[0]].map((name) => {
    const dims = view.fact(name)?.dims;
    return dims?.every((dim) => typeof dim === "number") ? sizeOf(dims as number[]) : undefined;
  });
  const shape = targetShape(node.inputs[0], node.outputs[0], view);
  return sizes[0] !== undefined && sizes[0] === sizes[1] && sizes[0] > 0 && shape !== undefined
    ? [makeNode("Reshape", [node.inputs[0], shape], node.outputs)]
    : undefined;
};

/** A split into one part, or one part joined, changes nothing. */
export const plainPart: Rewrite = ({ op, inputs, outputs }) => {
  const one = (op === "Split" && outputs.length === 1) || (op === "Concat" && inputs.length === 1);
  return one ? [makeNode("Identity", [inputs[0]], outputs)] : undefined;
};
