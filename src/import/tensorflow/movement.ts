// Operators that move, cut, join and reduce: what TensorFlow computes as values, axes, orders, sizes, ONNX often has as
// attributes, and they must be known.

import { onnxTypes } from "../../model/onnx-types.ts";
import { attribute } from "./attributes.ts";
import { knownNumbers, type Operator, type Operators, type Site, unsupported } from "./operator.ts";

/** A size of 0 is one, not "as before". */
const reshape: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, known, node } = site;
    const sizes = known.numbers(node.inputs[1]);
    if (!sizes) return graph.emit("Reshape", node.inputs, node.outputs, { allowzero: 1 });
    const shape = graph.ints(`${node.outputs[0]}/shape`, sizes);
    const attributes: { allowzero?: number } = sizes.includes(0) ? { allowzero: 1 } : {};
    graph.emit("Reshape", [node.inputs[0], shape], node.outputs, { ...attributes });
  },
};

const transpose: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, node } = site;
    const perm = knownNumbers(site, 1, "an order of axes");
    graph.emit("Transpose", [node.inputs[0]], node.outputs, { perm });
  },
};

/** Height and width of an image that is there channels first are axes 2 and 3. */
function spaceFirst({ graph, node }: Site, axes: readonly number[]): number[] | undefined {
  const space = axes.length > 0 && axes.every((axis) => axis === 1 || axis === 2);
  return space && graph.hasFirst(node.inputs[0]) ? axes.map((axis) => axis + 1) : undefined;
}

const squeeze: Operator = {
  inputs: [1, 1],
  convert(site) {
    const { graph, node } = site;
    const [[x], [y]] = [node.inputs, node.outputs];
    const axes = attribute.ints(node, "squeeze_dims") ?? [];
    const first = spaceFirst(site, axes);
    // With one of the two gone, channels are at another place.
    if (first?.length === 2) graph.emit("Squeeze", [graph.first(x), graph.ints(`${y}/axes`, first)], [y]);
    else graph.emit("Squeeze", axes.length > 0 ? [x, graph.ints(`${y}/axes`, axes)] : [x], [y]);
  },
};

const expandDims: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, node } = site;
    const axes = graph.ints(`${node.outputs[0]}/axes`, knownNumbers(site, 1, "an axis"));
    graph.emit("Unsqueeze", [node.inputs[0], axes], node.outputs);
  },
};

/** Means, sums and extremes over axes. */
function reduce(op: string): Operator {
  return {
    inputs: [2, 2],
    convert(site) {
      const { graph, node } = site;
      const [[x], [y]] = [node.inputs, node.outputs];
      const axes = knownNumbers(site, 1, "axes");
      const kept = attribute.flag(node, "keep_dims", attribute.flag(node, "keepdims"));
      const first = kept ? undefined : spaceFirst(site, axes);
      const given = first?.length === 2 ? ([graph.first(x), first] as const) : ([x, axes] as const);
      const keepdims = kept ? 1 : 0;
      graph.emit(op, [given[0], graph.ints(`${y}/axes`, given[1])], [y], { keepdims });
    },
  };
}

/** Values, then the axis. */
const concat: Operator = {
  inputs: [2, Number.POSITIVE_INFINITY],
  convert(site) {
    const { graph, node } = site;
    const [axis] = knownNumbers(site, node.inputs.length - 1, "an axis");
    graph.emit("Concat", node.inputs.slice(0, -1), node.outputs, { axis });
  },
};

/** The axis, then the value. */
const split: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, node } = site;
    const parts = attribute.int(node, "num_split", 0);
    if (parts < node.outputs.length) throw unsupported(node, "as many parts as are read", `${parts}`);
    const [axis] = knownNumbers(site, 0, "an axis");
    const outputs = Array.from({ length: Math.min(parts, 1024) }, (_, i) => node.outputs[i] ?? "");
    graph.emit("Split", [node.inputs[1]], outputs, { axis, num_outputs: parts });
  },
};

/** Values of one shape along a new axis. */
const pack: Operator = {
  inputs: [1, Number.POSITIVE_INFINITY],
  convert({ graph, node }) {
    const axis = attribute.int(node, "axis", 0);
    const axes = graph.ints(`${node.outputs[0]}/axes`, [axis]);
    const parts = node.inputs.map((input) => graph.compute(`${input}/part`, "Unsqueeze", [input, axes]));
    graph.emit("Concat", parts, node.outputs, { axis });
  },
};

/** [rank, 2] numbers before and after → all before, then all after. */
const pad: Operator = {
  inputs: [2, 3],
  convert(site) {
    const { graph, node } = site;
    const list = knownNumbers(site, 1, "a padding");
    const sides = [0, 1].flatMap((side) => list.filter((_, i) => i % 2 === side));
    graph.emit(
      "Pad",
      [node.inputs[0], graph.ints(`${node.outputs[0]}/pads`, sides), ...node.inputs.slice(2)],
      node.outputs,
    );
  },
};

/** x[begin : end : step] over the first axes. An axis of one place may go; other masks are not known. */
const stridedSlice: Operator = {
  inputs: [4, 4],
  convert(site) {
    const { graph, node } = site;
    const [begin, end, steps] = [1, 2, 3].map((input) => knownNumbers(site, input, "places"));
    const [open, toEnd, gone, ...others] = [
      ...["begin_mask", "end_mask", "shrink_axis_mask", "new_axis_mask", "ellipsis_mask"],
    ].map((name) => attribute.int(node, name, 0));
    if (others.some((mask) => mask !== 0))
      throw unsupported(node, "a cut of the first axes", "new axes or an ellipsis");
    const [y] = node.outputs;
    const has = (mask: number, axis: number) => ((mask >> axis) & 1) === 1;
    const far = 2 ** 31;
    const starts = begin.map((at, axis) =>
      has(open, axis) && !has(gone, axis) ? (steps[axis] < 0 ? far : 0) : at,
    );
    const ends = starts.map((at, axis) => {
      if (has(gone, axis)) return at === -1 ? far : at + 1;
      return has(toEnd, axis) ? (steps[axis] < 0 ? -far : far) : end[axis];
    });
    const axes = begin.map((_, axis) => axis);
    const names = Object.entries({ starts, ends, axes, steps }).map(([part, list]) =>
      graph.ints(`${y}/${part}`, list),
    );
    const lost = axes.filter((axis) => has(gone, axis));
    if (lost.length === 0) return graph.emit("Slice", [node.inputs[0], ...names], node.outputs);
    const cut = graph.compute(`${y}/cut`, "Slice", [node.inputs[0], ...names]);
    graph.emit("Squeeze", [cut, graph.ints(`${y}/lost`, lost)], node.outputs);
  },
};

/** Sizes, then the one value everywhere. */
const fill: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, node } = site;
    graph.emit(
      "Expand",
      [node.inputs[1], graph.ints(`${node.outputs[0]}/sizes`, knownNumbers(site, 0, "sizes"))],
      node.outputs,
    );
  },
};

const cast: Operator = {
  inputs: [1, 1],
  convert({ graph, node }) {
    const dtype = attribute.dtype(node, "DstT");
    const to = Number(Object.keys(onnxTypes).find((number) => onnxTypes[Number(number)] === dtype));
    graph.emit("Cast", node.inputs, node.outputs, { to });
  },
};

/** Values, indices, and the axis where it is not the first. */
const gather: Operator = {
  inputs: [2, 3],
  convert(site) {
    const { graph, node } = site;
    const axis = node.inputs.length > 2 ? knownNumbers(site, 2, "an axis")[0] : 0;
    graph.emit("Gather", node.inputs.slice(0, 2), node.outputs, { axis });
  },
};

const argMax: Operator = {
  inputs: [2, 2],
  convert(site) {
    const { graph, node } = site;
    const [axis] = knownNumbers(site, 1, "an axis");
    graph.emit("ArgMax", [node.inputs[0]], node.outputs, { axis, keepdims: 0 });
  },
};

/** From, to, step: scalars. */
const range: Operator = {
  inputs: [3, 3],
  convert: ({ graph, node }) => graph.emit("Range", node.inputs, node.outputs),
};

const same = (op: string): Operator => ({
  inputs: [1, 1],
  convert: ({ graph, node }) => graph.emit(op, node.inputs, node.outputs),
});

export const movement: Operators = {
  ArgMax: argMax,
  Cast: cast,
  ConcatV2: concat,
  ExpandDims: expandDims,
  Fill: fill,
  Gather: gather,
  GatherV2: gather,
  Identity: same("Identity"),
  Max: reduce("ReduceMax"),
  Mean: reduce("ReduceMean"),
  Min: reduce("ReduceMin"),
  Pack: pack,
  Pad: pad,
  PadV2: pad,
  Prod: reduce("ReduceProd"),
  Range: range,
  Reshape: reshape,
  Shape: same("Shape"),
  Split: split,
  Squeeze: squeeze,
  StridedSlice: stridedSlice,
  Sum: reduce("ReduceSum"),
  Transpose: transpose,
};
