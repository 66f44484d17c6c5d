// Patterns of exported graphs that stand for one operator: layer norm, group norm, GELU, Swish.

import { equal } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import { makeNode, otherInput, type Rewrite, type View } from "./rewrite.ts";

const close = (value: number | undefined, target: number): boolean =>
  value !== undefined && Math.abs(value - target) <= 1e-6 * Math.abs(target);

/** Splits the inputs of a commutative node into the constant scalar and the rest. */
function scalarAndRest(node: Node | undefined, op: string, view: View): [number, string] | undefined {
  if (node?.op !== op) return undefined;
  for (const input of node.inputs) {
    const scalar = view.scalar(input);
    if (scalar !== undefined) return [scalar, otherInput(node, input)];
  }
  return undefined;
}

/** x/2 · (1 + erf(x/√2)), in the order exporters write it: ((x · (erf(x / √2) + 1)) · ½). */
export const fuseGelu: Rewrite = (node, view) => {
  const half = scalarAndRest(node, "Mul", view);
  if (!half || !close(half[0], 0.5)) return undefined;
  const product = view.producerOf(half[1], "Mul");
  if (!product) return undefined;
  for (const factor of product.inputs) {
    const onePlus = scalarAndRest(view.producer(factor), "Add", view);
    const erf = onePlus && close(onePlus[0], 1) && view.producerOf(onePlus[1], "Erf");
    const scaled = erf && view.producer(erf.inputs[0]);
    const x = otherInput(product, factor);
    if (!scaled) continue;
    const divided =
      scaled.op === "Div" && scaled.inputs[0] === x && close(view.scalar(scaled.inputs[1]), Math.SQRT2);
    const multiplied =
      scaled.op === "Mul" &&
      scaled.inputs.includes(x) &&
      close(view.scalar(otherInput(scaled, x)), Math.SQRT1_2);
    if (divided || multiplied) return [makeNode("Gelu", [x], node.outputs)];
  }
  return undefined;
};

/** x · sigmoid(x). */
export const fuseSwish: Rewrite = (node, view) => {
  if (node.op !== "Mul") return undefined;
  for (const input of node.inputs) {
    const x = otherInput(node, input);
    if (view.producerOf(input, "Sigmoid")?.inputs[0] === x) return [makeNode("Swish", [x], node.outputs)];
  }
  return undefined;
};

/** (x − mean) / √(mean((x − mean)²) + ε) · weight (+ bias) over the last axis. */
export const fuseLayerNorm: Rewrite = (node, view) => {
  if (node.op === "Add") return withBias(node, view);
  if (node.op !== "Mul") return undefined;
  for (const input of node.inputs) {
    const weight = otherInput(node, input);
    const match = matchStandardised(view.producer(input), view);
    if (match && isVector(weight, match.x, view))
      return [
        makeNode("LayerNormalization", [match.x, weight], node.outputs, { axis: -1, epsilon: match.epsilon }),
      ];
  }
  return undefined;
};

function matchStandardised(
  division: Node | undefined,
  view: View,
): { x: string; epsilon: number } | undefined {
  if (division?.op !== "Div") return undefined;
  const centred = view.producerOf(division.inputs[0], "Sub");
  const root = view.producerOf(division.inputs[1], "Sqrt");
  const shifted = root && scalarAndRest(view.producer(root.inputs[0]), "Add", view);
  const variance = shifted && view.producerOf(shifted[1], "ReduceMean");
  const square = variance && squareOf(variance.inputs[0], view);
  const mean = centred && view.producerOf(centred.inputs[1], "ReduceMean");
  if (!centred || !shifted || !variance || !square || !mean) return undefined;
  const sameCentre = view.producerOf(square, "Sub")?.inputs.join() === centred.inputs.join();
  if (!sameCentre || mean.inputs[0] !== centred.inputs[0]) return undefined;
  return overLastAxis(mean, view) && overLastAxis(variance, view)
    ? { x: centred.inputs[0], epsilon: shifted[0] }
    : undefined;
}

/** What a value is the square of: of a power, or of a product with itself. */
function squareOf(value: string, view: View): string | undefined {
  const node = view.producer(value);
  const [x, other] = node?.inputs ?? [];
  const isSquare = node?.op === "Pow" ? view.scalar(other) === 2 : node?.op === "Mul" && x === other;
  return isSquare ? x : undefined;
}

/** Whether a constant has one number for each value of a row of x. */
function isVector(value: string, x: string, view: View): boolean {
  const dims = view.constant(value)?.dims;
  return dims?.length === 1 && dims[0] === view.fact(x)?.dims?.at(-1);
}

function overLastAxis(reduce: Node, view: View): boolean {
  const axes =
    (reduce.attributes.axes as number[] | undefined) ?? view.constant(reduce.inputs[1] ?? "")?.numbers();
  const rank = view.fact(reduce.inputs[0])?.dims?.length ?? 0;
  return axes?.length === 1 && (axes[0] === -1 || axes[0] === rank - 1) && reduce.attributes.keepdims !== 0;
}

function withBias(node: Node, view: View): Node[] | undefined {
  for (const input of node.inputs) {
    const norm = view.producerOf(input, "LayerNormalization");
    const bias = otherInput(node, input);
    const fits = norm?.inputs.length === 2 && isVector(bias, norm.inputs[0], view) && view.uses(input) === 1;
    if (norm && fits)
      return [makeNode("LayerNormalization", [...norm.inputs, bias], node.outputs, norm.attributes)];
  }
  return undefined;
}

/**
 * Group norm of one group as exporters write it: [batch, channels, time] reshaped to one row, instance-normalised
 * with weight 1 and bias 0, reshaped back, then scaled and shifted per channel. Becomes channels-last.
 */
export const fuseGroupNorm: Rewrite = (node, view) => {
  if (node.op !== "Add") return undefined;
  for (const input of node.inputs) {
    const scaled = view.producerOf(input, "Mul");
    const bias = channelVector(otherInput(node, input), view);
    if (!scaled || !bias) continue;
    for (const factor of scaled.inputs) {
      const weight = channelVector(otherInput(scaled, factor), view);
      const match = weight && matchOneGroup(view.producer(factor), view);
      const channels = match && view.fact(match.x)?.dims?.[1];
      if (match && [weight, bias].every(({ tensor }) => tensor.size === channels))
        return groupNorm(node, match, weight, bias, view);
    }
  }
  return undefined;
};

type ChannelVector = NonNullable<ReturnType<typeof channelVector>>;

/** A constant of shape [channels, 1] (or [1, channels, 1]). */
function channelVector(value: string, view: View) {
  const tensor = view.constant(value);
  const dims = tensor?.dims ?? [];
  const fits = dims.length >= 2 && dims.at(-1) === 1 && dims.at(-2) === tensor?.size;
  return fits ? { name: value, tensor: tensor!.reshape([tensor!.size]) } : undefined;
}

function matchOneGroup(back: Node | undefined, view: View): { x: string; epsilon: number } | undefined {
  if (back?.op !== "Reshape") return undefined;
  const norm = view.producerOf(back.inputs[0], "InstanceNormalization");
  const row = norm && view.producerOf(norm.inputs[0], "Reshape");
  if (!norm || !row || view.scalar(norm.inputs[1]) !== 1 || view.scalar(norm.inputs[2]) !== 0)
    return undefined;
  const [before, after] = [view.fact(row.inputs[0])?.dims, view.fact(back.outputs[0])?.dims];
  if (before?.length !== 3 || after?.length !== 3) return undefined;
  return equal(before[0], after[0]) && equal(before[1], after[1])
    ? { x: row.inputs[0], epsilon: (norm.attributes.epsilon as number | undefined) ?? 1e-5 }
    : undefined;
}

function groupNorm(
  node: Node,
  { x, epsilon }: { x: string; epsilon: number },
  weight: ChannelVector,
  bias: ChannelVector,
  view: View,
): Node[] {
  const [before, after] = [view.fresh(`${node.name}/nwc`), view.fresh(`${node.name}/normalised`)];
  const inputs = [
    before,
    view.addConstant(`${weight.name}/channels`, weight.tensor),
    view.addConstant(`${bias.name}/channels`, bias.tensor),
  ];
  return [
    makeNode("Transpose", [x], [before], { perm: [0, 2, 1] }),
    makeNode("GroupNorm", inputs, [after], { epsilon }),
    makeNode("Transpose", [after], node.outputs, { perm: [0, 2, 1] }),
  ];
}
