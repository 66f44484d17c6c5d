// Dense layers: ONNX has them as Gemm, the run-time as a product and a sum.

import { makeNode, type Rewrite } from "./rewrite.ts";

/** Gemm(x, W, bias) without factors, x as it is  →  MatMul(x, W or Wᵀ) + bias. */
export const splitGemm: Rewrite = (node, view) => {
  const { alpha = 1, beta = 1, transA = 0, transB = 0 } = node.attributes;
  if (node.op !== "Gemm" || alpha !== 1 || beta !== 1 || transA !== 0) return undefined;
  if (view.fact(node.inputs[0])?.dtype !== "float32") return undefined;
  const [x, weights, bias = ""] = node.inputs;
  const [y] = node.outputs;
  const turned = transB === 0 ? weights : view.fresh(`${weights}/turned`);
  const product = bias === "" ? y : view.fresh(`${y}/product`);
  const nodes = [{ ...makeNode("MatMul", [x, turned], [product]), name: node.name }];
  return [
    ...(transB === 0 ? [] : [makeNode("Transpose", [weights], [turned], { perm: [1, 0] })]),
    ...nodes,
    ...(bias === "" ? [] : [makeNode("Add", [product, bias], [y])]),
  ];
};
