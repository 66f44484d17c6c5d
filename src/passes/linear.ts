// Float products and what is added to them: x·W + bias is one operator. Where the result is one row, another
// product may be the bias, so that a sum of products is a chain of steps without additions.

import type { Node } from "../model/graph.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";

/** A product and what is added to every row of it  →  Linear. */
export const fuseLinear: Rewrite = (node, view) => {
  if (node.op !== "Add") return undefined;
  for (const input of node.inputs) {
    const made = withBias(input, otherInput(node, input), node.outputs[0], view);
    if (made) return made;
  }
  return undefined;
};

/** The product `value` plus `bias`; where it has a bias already, that one becomes the sum. */
function withBias(value: string, bias: string, output: string, view: View): Node[] | undefined {
  const reshape = view.producerOf(value, "Reshape");
  if (reshape) return behindReshape(reshape, bias, output, view);
  const product = floatProduct(value, view);
  const columns = product && view.constant(product.inputs[1])!.dims[1];
  const rank = product && view.fact(product.outputs[0])?.dims?.length;
  if (!product || view.uses(value) > 1 || rank === undefined || !isRow(bias, columns, rank, view))
    return undefined;
  const [x, w, own] = product.inputs;
  if (own === undefined) return [makeNode("Linear", [x, w, bias], [output])];
  const sum = view.fresh(`${output}/bias`);
  const both = [own, bias].every((each) => view.constant(each));
  const before = both
    ? [makeNode("Add", [own, bias], [sum])]
    : (withBias(own, bias, sum, view) ?? withBias(bias, own, sum, view));
  return before && [...before, makeNode("Linear", [x, w, sum], [output])];
}

/** A product whose rows are counted along other axes before the bias comes. */
function behindReshape(
  { inputs, outputs }: Node,
  bias: string,
  output: string,
  view: View,
): Node[] | undefined {
  const [rows, rank] = [view.fact(inputs[0])?.dims?.at(-1), view.fact(outputs[0])?.dims?.length];
  const columns = view.fact(outputs[0])?.dims?.at(-1);
  if (typeof rows !== "number" || rows !== columns || view.uses(outputs[0]) > 1) return undefined;
  if (!isRow(bias, columns, rank!, view) || !floatProduct(inputs[0], view)) return undefined;
  const sum = view.fresh(`${output}/rows`);
  const made = withBias(inputs[0], bias, sum, view);
  return made && [...made, makeNode("Reshape", [sum, inputs[1]], [output])];
}

/** A float product with a constant matrix. */
function floatProduct(value: string, view: View): Node | undefined {
  const node = view.producer(value);
  if (node?.op !== "MatMul" && node?.op !== "Linear") return undefined;
  const weights = view.constant(node.inputs[1]);
  return weights?.dtype === "float32" && weights.dims.length === 2 ? node : undefined;
}

/** Whether a value has one row of so many columns, and so is added to each row alike. */
function isRow(value: string, columns: number | undefined, rank: number, view: View): boolean {
  const { dtype, dims } = view.fact(value) ?? {};
  if (dtype !== "float32" || !dims?.every((dim) => typeof dim === "number")) return false;
  return (
    dims.length > 0 && dims.length <= rank && dims.at(-1) === columns && sizeOf(dims as number[]) === columns
  );
}
