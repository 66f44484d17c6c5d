// Operators that make values from shapes, types and little else, and those that run subgraphs.

import { OctavoxError } from "../../errors.ts";
import { isGraph } from "../../model/graph.ts";
import { sizeOf, stridesOf, Tensor } from "../../tensor/tensor.ts";
import { convert, rounding } from "./numbers.ts";
import {
  axisOf,
  build,
  dataOf,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  typeOf,
} from "./operator.ts";

const cast: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const to =
    context.node.op === "CastLike" ? required(inputs, 1, context).dtype : typeOf(context, "to", "float32");
  return [tensorOf(to, convert(dataOf(x), x.dtype, to), x.dims)];
};

const shape: ReferenceOperator = (inputs, context) => {
  const { dims } = required(inputs, 0, context);
  const bound = (name: string, otherwise: number) => {
    const at = numberOf(context, name, otherwise);
    return Math.min(Math.max(at < 0 ? at + dims.length : at, 0), dims.length);
  };
  return [new Tensor("int64", dims.slice(bound("start", 0), bound("end", dims.length)))];
};

const size: ReferenceOperator = (inputs, context) => [
  new Tensor("int64", [required(inputs, 0, context).size], []),
];

const constantOfShape: ReferenceOperator = (inputs, context) => {
  const dims = required(inputs, 0, context).numbers();
  const value = context.node.attributes.value;
  const { dtype, data } = value instanceof Tensor ? value : new Tensor("float32", [0]);
  if (dims.some((dim) => dim < 0))
    throw misfit(inputs, context, "sizes that are not negative", dims.join(", "));
  const y = build(dtype, dims, () => 0);
  dataOf(y).fill(data[0] as never);
  return [y];
};

/** start, limit, step */
const range: ReferenceOperator = (inputs, context) => {
  const [start, limit, step] = [0, 1, 2].map((i) => required(inputs, i, context).numbers()[0]);
  const { dtype } = required(inputs, 0, context);
  const count = Math.max(0, Math.ceil((limit - start) / step));
  if (!Number.isFinite(count)) throw misfit(inputs, context, "a step that leads to the limit", `${step}`);
  const round = rounding(dtype);
  return [build(dtype, [count], (i) => round(start + round(i * step)))];
};

const eyeLike: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const k = numberOf(context, "k", 0);
  const columns = x.dims[1];
  return [
    build(typeOf(context, "dtype", x.dtype), x.dims, (i) =>
      Number((i % columns) - Math.floor(i / columns) === k),
    ),
  ];
};

/** indices, depth, [off, on] */
const oneHot: ReferenceOperator = (inputs, context) => {
  const indices = required(inputs, 0, context);
  const [depth] = required(inputs, 1, context).numbers();
  const values = required(inputs, 2, context);
  const [off, on] = values.numbers();
  const axis = axisOf(numberOf(context, "axis", -1), indices.dims.length, inputs, context, 1);
  const dims = indices.dims.toSpliced(axis, 0, depth);
  const inner = sizeOf(indices.dims.slice(axis));
  const wanted = indices.numbers();
  return [
    build(values.dtype, dims, (i) => {
      const at = wanted[Math.floor(i / (inner * depth)) * inner + (i % inner)];
      return (at < 0 ? at + depth : at) === Math.floor(i / inner) % depth ? on : off;
    }),
  ];
};

/** Indices of elements that are not 0, one column each. */
const nonZero: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const found = x.numbers().flatMap((value, i) => (value === 0 ? [] : [i]));
  const strides = stridesOf(x.dims);
  const rows = x.dims.map((dim, axis) => found.map((i) => Math.floor(i / strides[axis]) % dim));
  return [new Tensor("int64", rows.flat(), [x.dims.length, found.length])];
};

function branch({ node }: OperatorContext, name: string) {
  const graph = node.attributes[name];
  if (isGraph(graph)) return graph;
  throw new OctavoxError("format", `${node.op} "${node.name}"`, {
    expected: `a subgraph as ${name}`,
    found: "none",
  });
}

const choose: ReferenceOperator = (inputs, context) => {
  const [condition] = required(inputs, 0, context).numbers();
  return context.runGraph(branch(context, condition ? "then_branch" : "else_branch"), []);
};

/**
 * Inputs: most rounds, condition, carried values. The body takes round, condition and carried values and gives
 * condition, carried values and values to be stacked.
 */
const loop: ReferenceOperator = (inputs, context) => {
  const body = branch(context, "body");
  const rounds = inputs[0]?.numbers()[0] ?? Number.POSITIVE_INFINITY;
  let going = inputs[1]?.numbers()[0] ?? 1;
  let carried: Tensor[] = inputs.slice(2).map((_, i) => required(inputs, i + 2, context));
  const stacks: Tensor[][] = body.outputs.slice(1 + carried.length).map(() => []);
  for (let i = 0; i < rounds && going; i++) {
    const [round, condition] = [new Tensor("int64", [i], []), new Tensor("bool", [going], [])];
    const results = context.runGraph(body, [round, condition, ...carried]);
    going = results[0].numbers()[0];
    carried = results.slice(1, 1 + carried.length);
    results.slice(1 + carried.length).forEach((value, j) => {
      stacks[j].push(value);
    });
  }
  return [
    ...carried,
    ...stacks.map((values, j) => stack(values, body.outputs[1 + carried.length + j].dtype)),
  ];
};

/** Values of one shape one after another, under a new first axis. */
function stack(values: readonly Tensor[], dtype: Tensor["dtype"]): Tensor {
  const y = build(values[0]?.dtype ?? dtype, [values.length, ...(values[0]?.dims ?? [])], () => 0);
  values.forEach((value, i) => {
    dataOf(y).set(dataOf(value) as never, i * value.size);
  });
  return y;
}

export const creation: Operators = {
  Cast: cast,
  CastLike: cast,
  Shape: shape,
  Size: size,
  ConstantOfShape: constantOfShape,
  Constant: (_, context) => {
    const { value } = context.node.attributes;
    if (value instanceof Tensor) return [value];
    throw misfit([], context, "a tensor as value", "none");
  },
  Range: range,
  EyeLike: eyeLike,
  OneHot: oneHot,
  NonZero: nonZero,
  If: choose,
  Loop: loop,
};
