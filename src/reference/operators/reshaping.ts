// Operators that give the same elements another shape, and leave their order alone.

import { traits } from "../../tensor/dtype.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import {
  axisOf,
  type Inputs,
  misfit,
  numberOf,
  numbersOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";

/** Numbers that older operator sets give as an attribute and newer ones as an input. */
export function listFrom(
  inputs: Inputs,
  index: number,
  context: OperatorContext,
  name: string,
): readonly number[] | undefined {
  return inputs[index]?.numbers() ?? numbersOf(context, name);
}

/** The same elements under other dimensions, which must hold as many. */
function reshaped(x: Tensor, dims: readonly number[], inputs: Inputs, context: OperatorContext): Tensor[] {
  if (sizeOf(dims) !== x.size || dims.some((dim) => dim < 0))
    throw misfit(inputs, context, `a shape of ${x.size} elements`, `[${dims.join(", ")}]`);
  return [x.reshape(dims)];
}

const reshape: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const shape = listFrom(inputs, 1, context, "shape") ?? [];
  const keepZero = numberOf(context, "allowzero", 0) === 1;
  const dims = shape.map((dim, axis) => (dim === 0 && !keepZero ? (x.dims[axis] ?? 0) : dim));
  const open = dims.indexOf(-1);
  if (open >= 0) dims[open] = x.size / -sizeOf(dims);
  if (open >= 0 && Number.isNaN(dims[open])) dims[open] = 0;
  if (!dims.every(Number.isInteger))
    throw misfit(inputs, context, `a shape of ${x.size} elements`, `[${shape.join(", ")}]`);
  return reshaped(x, dims, inputs, context);
};

const flatten: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const axis = axisOf(numberOf(context, "axis", 1), x.dims.length + 1, inputs, context);
  const from = numberOf(context, "axis", 1) < 0 ? axis - 1 : axis;
  return [x.reshape([sizeOf(x.dims.slice(0, from)), sizeOf(x.dims.slice(from))])];
};

const squeeze: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const listed = listFrom(inputs, 1, context, "axes")?.map((axis) =>
    axisOf(axis, x.dims.length, inputs, context),
  );
  const gone = new Set(listed ?? x.dims.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
  return reshaped(
    x,
    x.dims.filter((_, axis) => !gone.has(axis)),
    inputs,
    context,
  );
};

const unsqueeze: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const axes = listFrom(inputs, 1, context, "axes") ?? [];
  const rank = x.dims.length + axes.length;
  const added = new Set(axes.map((axis) => axisOf(axis, rank, inputs, context)));
  if (added.size < axes.length) throw misfit(inputs, context, "axes that differ", axes.join(", "));
  const rest = [...x.dims];
  return [x.reshape(Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)))];
};

const identity: ReferenceOperator = (inputs, context) => [required(inputs, 0, context)];

/** In inference nothing is dropped; the mask says so. */
const dropout: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  return [x, tensorOf("bool", new (traits("bool").array)(x.size).fill(1 as never), x.dims)];
};

export const reshaping: Operators = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Identity: identity,
  Dropout: dropout,
};
