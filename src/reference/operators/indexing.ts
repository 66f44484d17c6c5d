// Operators that read or write at positions given as data. Indices below 0 count from the end; one outside its
// axis is an error, never a read elsewhere.

import { sizeOf, stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { walk } from "./broadcast.ts";
import { pick } from "./movement.ts";
import { greater, lesser } from "./numbers.ts";
import {
  around,
  axisOf,
  build,
  dataOf,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  textOf,
} from "./operator.ts";

function counted(index: number, size: number, inputs: Inputs, context: OperatorContext): number {
  const at = index < 0 ? index + size : index;
  if (!(at >= 0 && at < size))
    throw misfit(inputs, context, `an index from ${-size} to ${size - 1}`, `${index}`);
  return at;
}

const gather: ReferenceOperator = (inputs, context) => {
  const [x, indices] = [required(inputs, 0, context), required(inputs, 1, context)];
  const axis = axisOf(numberOf(context, "axis", 0), x.dims.length, inputs, context);
  const { outer, size, inner } = around(x.dims, axis);
  const rows = indices.numbers().map((index) => counted(index, size, inputs, context));
  const from = new Int32Array(outer * rows.length * inner);
  let at = 0;
  for (let before = 0; before < outer; before++)
    for (const row of rows) for (let i = 0; i < inner; i++) from[at++] = (before * size + row) * inner + i;
  return [pick(x, from, x.dims.toSpliced(axis, 1, ...indices.dims))];
};

/** Position in `dims` for each element of `indices`, whose value stands for the index along the axis. */
function alongAxis(
  dims: readonly number[],
  indices: Tensor,
  inputs: Inputs,
  context: OperatorContext,
): Int32Array {
  const axis = axisOf(numberOf(context, "axis", 0), dims.length, inputs, context);
  if (indices.dims.length !== dims.length || indices.dims.some((dim, i) => i !== axis && dim > dims[i]))
    throw misfit(inputs, context, `indices within [${dims.join(", ")}]`, `[${indices.dims.join(", ")}]`);
  const strides = stridesOf(dims);
  const elsewhere = walk(indices.dims, strides.with(axis, 0));
  const rows = indices.numbers();
  return elsewhere.map((offset, i) => offset + counted(rows[i], dims[axis], inputs, context) * strides[axis]);
}

const gatherElements: ReferenceOperator = (inputs, context) => {
  const [x, indices] = [required(inputs, 0, context), required(inputs, 1, context)];
  return [pick(x, alongAxis(x.dims, indices, inputs, context), indices.dims)];
};

/** The last axis of `indices` holds positions on the axes of `dims` after the first `batch`. */
function byTuples(
  dims: readonly number[],
  indices: Tensor,
  batch: number,
  inputs: Inputs,
  context: OperatorContext,
) {
  const depth = indices.dims.at(-1) ?? 1;
  if (batch + depth > dims.length)
    throw misfit(inputs, context, `at most ${dims.length - batch} indices each`, `${depth}`);
  const strides = stridesOf(dims);
  const inner = sizeOf(dims.slice(batch + depth));
  const tuples = indices.size / depth;
  const perBatch = tuples / sizeOf(dims.slice(0, batch));
  const batchStride = batch === 0 ? 0 : strides[batch - 1];
  const numbers = indices.numbers();
  const starts = Int32Array.from({ length: tuples }, (_, tuple) => {
    let at = Math.floor(tuple / perBatch) * batchStride;
    for (let i = 0; i < depth; i++)
      at += counted(numbers[tuple * depth + i], dims[batch + i], inputs, context) * strides[batch + i];
    return at;
  });
  const from = Int32Array.from(
    { length: tuples * inner },
    (_, i) => starts[Math.floor(i / inner)] + (i % inner),
  );
  return { from, dims: [...indices.dims.slice(0, -1), ...dims.slice(batch + depth)] };
}

const gatherND: ReferenceOperator = (inputs, context) => {
  const [x, indices] = [required(inputs, 0, context), required(inputs, 1, context)];
  const { from, dims } = byTuples(x.dims, indices, numberOf(context, "batch_dims", 0), inputs, context);
  return [pick(x, from, dims)];
};

type Join = (old: never, update: never) => number | bigint;

/** What an update does to the element that is there. */
const joins: Readonly<Record<string, Join>> = {
  none: (_, b) => b,
  add: (a, b) => a + b,
  mul: (a: number, b: number) => a * b,
  max: greater,
  min: lesser,
};

function scattered(
  x: Tensor,
  to: Int32Array,
  updates: Tensor,
  inputs: Inputs,
  context: OperatorContext,
): Tensor {
  const join = joins[textOf(context, "reduction", "none")];
  if (updates.size !== to.length || updates.dtype !== x.dtype || !join)
    throw misfit(
      inputs,
      context,
      `${to.length} updates of ${x.dtype}`,
      `${updates.size} of ${updates.dtype}`,
    );
  const [y, values] = [dataOf(x).slice(), dataOf(updates)];
  to.forEach((at, i) => {
    y[at] = join(y[at] as never, values[i] as never) as never;
  });
  return tensorOf(x.dtype, y, x.dims);
}

const scatterElements: ReferenceOperator = (inputs, context) => {
  const [x, indices, updates] = [0, 1, 2].map((i) => required(inputs, i, context));
  return [scattered(x, alongAxis(x.dims, indices, inputs, context), updates, inputs, context)];
};

const scatterND: ReferenceOperator = (inputs, context) => {
  const [x, indices, updates] = [0, 1, 2].map((i) => required(inputs, i, context));
  return [scattered(x, byTuples(x.dims, indices, 0, inputs, context).from, updates, inputs, context)];
};

/** Columns of an int8 matrix B [K, N] as rows of floats: y[.., k] = (B[k, index] − zero)·scale. */
const gatherDequantize: ReferenceOperator = (inputs, context) => {
  const [b, scale, zero, indices] = [0, 1, 2, 3].map((i) => required(inputs, i, context));
  const [k, n] = b.dims;
  const columns = indices.numbers().map((index) => counted(index, n, inputs, context));
  const [values, scales, zeros] = [b, scale, zero].map((tensor) => tensor.numbers());
  const at = (list: readonly number[], column: number) => (list.length === 1 ? list[0] : list[column]);
  return [
    build("float32", [...indices.dims, k], (i) => {
      const column = columns[Math.floor(i / k)];
      return (values[(i % k) * n + column] - at(zeros, column)) * at(scales, column);
    }),
  ];
};

export const indexing: Operators = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  GatherDequantize: gatherDequantize,
};
