// Convolutions and pools, channels last: the values at a place are then a run of memory, a window a few runs, and a
// convolution a matrix product of windows. The transposes around them travel away and meet (`transposes.ts`).

import type { Dim } from "../model/dim.ts";
import type { Attributes, Node } from "../model/graph.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { int64, makeNode, type Rewrite, type View } from "./rewrite.ts";

/** Attributes of the operators that slide windows, as ONNX names them; lists have a value an axis, `pads` two. */
export type WindowAttributes = Readonly<
  Record<"kernel_shape" | "strides" | "dilations" | "pads", readonly number[]>
>;

const isNumber = (dim: Dim): dim is number => typeof dim === "number";

/** The windows of a node of this kernel, padding counted out; undefined when it depends on sizes that are not known. */
export function windowsOf(node: Node, kernel: readonly number[], view: View): WindowAttributes | undefined {
  const ones = kernel.map(() => 1);
  const { strides = ones, dilations = ones, auto_pad = "NOTSET", ceil_mode = 0 } = node.attributes;
  const given = node.attributes.pads as readonly number[] | undefined;
  const window = {
    kernel_shape: kernel,
    strides: strides as readonly number[],
    dilations: dilations as readonly number[],
  };
  if (ceil_mode !== 0) return undefined;
  if (auto_pad === "NOTSET") return { ...window, pads: given ?? [...ones, ...ones].map(() => 0) };
  if (auto_pad === "VALID") return { ...window, pads: [...ones, ...ones].map(() => 0) };
  const sizes = view.fact(node.inputs[0])?.dims?.slice(2);
  if (!sizes?.every(isNumber)) return undefined;
  const totals = sizes.map((size, i) => {
    const reach = (kernel[i] - 1) * window.dilations[i] + 1;
    return Math.max((Math.ceil(size / window.strides[i]) - 1) * window.strides[i] + reach - size, 0);
  });
  const less = totals.map((total) => Math.floor(total / 2));
  const more = totals.map((total) => Math.ceil(total / 2));
  return { ...window, pads: auto_pad === "SAME_LOWER" ? [...more, ...less] : [...less, ...more] };
}

/** A convolution over one or two axes, its weights' sizes being known. */
export interface Convolution {
  windows: WindowAttributes;
  groups: number;
  /** Channels of a group, and of the result. */
  width: number;
  out: number;
  /** One weight for each channel and place. */
  depthwise: boolean;
}

export function convolutionOf(node: Node, view: View): Convolution | undefined {
  const dims = view.fact(node.inputs[1])?.dims;
  if (node.op !== "Conv" || !dims?.every(isNumber) || dims.length < 3 || dims.length > 4) return undefined;
  const [out, width, ...kernel] = dims;
  const groups = (node.attributes.group as number | undefined) ?? 1;
  const windows = windowsOf(node, kernel, view);
  return windows && { windows, groups, width, out, depthwise: groups > 1 && width === 1 && out === groups };
}

/** The windows of a Conv over time in one group, undilated. */
export function timeConvolution(node: Node, view: View): WindowAttributes | undefined {
  const found = convolutionOf(node, view);
  const plain = found?.groups === 1 && found.windows.dilations.every((dilation) => dilation === 1);
  return plain && found.windows.kernel_shape.length === 1 ? found.windows : undefined;
}

/** From channels first to last, and back. */
const toLast = (rank: number): number[] => [0, ...axes(2, rank), 1];
const toFirst = (rank: number): number[] => [0, rank - 1, ...axes(1, rank - 1)];
const axes = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** A node that works channels last, between transposes. */
export function betweenTransposes(
  { op, inputs, attributes }: { op: string; inputs: readonly string[]; attributes: Attributes },
  output: string,
  rank: number,
  view: View,
): Node[] {
  const [before, after] = ["last", "out"].map((part) => view.fresh(`${output}/${part}`));
  return [
    makeNode("Transpose", [inputs[0]], [before], { perm: toLast(rank) }),
    makeNode(op, [before, ...inputs.slice(1)], [after], attributes),
    makeNode("Transpose", [after], [output], { perm: toFirst(rank) }),
  ];
}

/** Conv whose weights are (or are computed from) float constants  →  ConvFloat or DepthwiseConvFloat. */
export const convChannelsLast: Rewrite = (node, view) => {
  const found = convolutionOf(node, view);
  if (!found || view.fact(node.inputs[0])?.dtype !== "float32") return undefined;
  const { windows, groups, width, out, depthwise } = found;
  const rank = windows.kernel_shape.length + 2;
  const [turned, matrix] = ["turned", "matrix"].map((part) => view.fresh(`${node.name}/${part}`));
  const rows = sizeOf(windows.kernel_shape) * width;
  const shape = view.addConstant(`${matrix}/shape`, int64(rows, out));
  const op = depthwise ? "DepthwiseConvFloat" : "ConvFloat";
  const inputs = [node.inputs[0], matrix, ...node.inputs.slice(2)];
  const attributes = depthwise || groups === 1 ? windows : { ...windows, group: groups };
  return [
    makeNode("Transpose", [node.inputs[1]], [turned], { perm: [...axes(2, rank), 1, 0] }),
    makeNode("Reshape", [turned, shape], [matrix]),
    ...betweenTransposes({ op, inputs, attributes }, node.outputs[0], rank, view),
  ];
};

const pools: Readonly<Record<string, string>> = {
  MaxPool: "MaxPoolChannelsLast",
  GlobalMaxPool: "MaxPoolChannelsLast",
  AveragePool: "AveragePoolChannelsLast",
  GlobalAveragePool: "AveragePoolChannelsLast",
};

/** The windows of a pool: those of a global one are the whole space, where its sizes are known. */
export function poolOf(node: Node, view: View): WindowAttributes | undefined {
  const dims = view.fact(node.inputs[0])?.dims;
  if (!Object.hasOwn(pools, node.op) || !dims || dims.length < 3 || dims.length > 4) return undefined;
  const space = dims.slice(2);
  const kernel = node.op.startsWith("Global") ? space : (node.attributes.kernel_shape as readonly number[]);
  return kernel?.length === space.length && kernel.every(isNumber)
    ? windowsOf(node, kernel, view)
    : undefined;
}

/** Pools of floats, and maxima of bytes, whose positions nobody asks for. */
export const poolChannelsLast: Rewrite = (node, view) => {
  const windows = poolOf(node, view);
  const dtype = view.fact(node.inputs[0])?.dtype;
  const bytes = node.op.endsWith("MaxPool") && (dtype === "uint8" || dtype === "int8");
  if (!windows || node.outputs.length > 1 || (dtype !== "float32" && !bytes)) return undefined;
  const { count_include_pad } = node.attributes;
  const attributes = count_include_pad === 1 ? { ...windows, count_include_pad } : windows;
  const made = { op: pools[node.op], inputs: node.inputs, attributes };
  return betweenTransposes(made, node.outputs[0], windows.kernel_shape.length + 2, view);
};

/** Conv(Pad(x) with zeros around the space)  →  Conv that pads. */
export const fusePad: Rewrite = (node, view) => {
  const pad = node.op === "Conv" ? view.producerOf(node.inputs[0], "Pad") : undefined;
  const rank = (pad && view.fact(pad.inputs[0])?.dims?.length) ?? 0;
  const { auto_pad = "NOTSET", pads } = node.attributes;
  const added = (pad?.attributes.pads as readonly number[]) ?? view.constant(pad?.inputs[1] ?? "")?.numbers();
  if (!pad || added?.length !== 2 * rank || (pad.inputs[3] ?? "") !== "" || auto_pad !== "NOTSET")
    return undefined;
  const value = pad.inputs[2] ? view.scalar(pad.inputs[2]) : (pad.attributes.value ?? 0);
  const outside = [added[0], added[1], added[rank], added[rank + 1]];
  if ((pad.attributes.mode ?? "constant") !== "constant" || value !== 0) return undefined;
  if (outside.some((each) => each !== 0) || added.some((each) => each < 0)) return undefined;
  const space = [...added.slice(2, rank), ...added.slice(rank + 2)];
  const sums = space.map((each, i) => each + ((pads as readonly number[] | undefined)?.[i] ?? 0));
  return [
    {
      ...node,
      inputs: [pad.inputs[0], ...node.inputs.slice(1)],
      attributes: { ...node.attributes, pads: sums },
    },
  ];
};

const limited = new Set(["ConvFloat", "DepthwiseConvFloat"]);

/** Relu and Clip of a convolution are limits of its values. */
export const fuseLimits: Rewrite = (node, view) => {
  const limits = limitsOf(node, view);
  const made = limits && view.producer(node.inputs[0]);
  if (!made || !limited.has(made.op) || view.uses(node.inputs[0]) !== 1) return undefined;
  if ("low" in made.attributes || "high" in made.attributes) return undefined;
  return [{ ...made, outputs: node.outputs, attributes: { ...made.attributes, ...limits } }];
};

/** What a Relu or Clip with constant limits keeps its values within. */
export function limitsOf(node: Node, view: View): { low?: number; high?: number } | undefined {
  if (node.op === "Relu") return { low: 0 };
  if (node.op !== "Clip") return undefined;
  const given = (index: number, name: string): number | undefined =>
    node.inputs[index] ? view.scalar(node.inputs[index]) : (node.attributes[name] as number | undefined);
  const [low, high] = [given(1, "min"), given(2, "max")];
  if ([1, 2].some((index) => node.inputs[index] && view.scalar(node.inputs[index]) === undefined))
    return undefined;
  return { ...(low === undefined ? {} : { low }), ...(high === undefined ? {} : { high }) };
}
