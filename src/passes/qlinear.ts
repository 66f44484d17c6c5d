// ONNX's quantized operators say in one node what a QDQ graph says in several; they are written out as such, so that one
// lowering serves both.

import type { Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { makeNode, type Rewrite, type View } from "./rewrite.ts";

/** x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias of both. */
const floatForms: Readonly<Record<string, { op: string; axis: number }>> = {
  QLinearConv: { op: "Conv", axis: 0 },
  QLinearMatMul: { op: "MatMul", axis: 1 },
};

/** QLinearConv, QLinearMatMul with constant weights and scales  →  DequantizeLinear, the operator, QuantizeLinear. */
export const expandQLinear: Rewrite = (node, view) => {
  const form = Object.hasOwn(floatForms, node.op) ? floatForms[node.op] : undefined;
  const [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias] = node.inputs;
  const given = [w, xScale, wScale, wZero, yScale, yZero].every((name) => view.constant(name));
  if (!form || !given || (bias && !view.constant(bias))) return undefined;
  const name = (part: string): string => view.fresh(`${node.outputs[0]}/${part}`);
  const [a, b, real] = [name("x"), name("w"), name("real")];
  const axis = { axis: form.axis };
  const biases = bias ? dequantizedBias(bias, [xScale, wScale], name("bias"), view) : undefined;
  return [
    makeNode("DequantizeLinear", [x, xScale, xZero], [a]),
    makeNode("DequantizeLinear", [w, wScale, wZero], [b], axis),
    ...(biases ? [biases] : []),
    makeNode(form.op, [a, b, ...(biases ? biases.outputs : [])], [real], node.attributes),
    makeNode("QuantizeLinear", [real, yScale, yZero], node.outputs),
  ];
};

/** The int32 bias in its steps of xScale·wScale. */
function dequantizedBias(bias: string, [x, w]: readonly [string, string], output: string, view: View): Node {
  const scale = Number(view.constant(x)!.data[0]);
  const scales = view.constant(w)!;
  const steps = new Tensor(
    "float32",
    scales.numbers().map((each) => scale * each),
    scales.dims,
  );
  return makeNode("DequantizeLinear", [bias, view.addConstant(`${output}/scale`, steps)], [output], {
    axis: 0,
  });
}
