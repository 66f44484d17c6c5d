// Operators of several inputs that work element by element, with broadcasting. Float results are rounded to their type after
// each operation; integers wrap as the type does.

import { type DType, type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate, sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { broadcastDims, positions } from "./broadcast.ts";
import { greater, lesser, narrow, rounding } from "./numbers.ts";
import {
  dataOf,
  entries,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";

type Numeric = (a: number, b: number) => number;
type Whole = (a: bigint, b: bigint) => bigint;

/** Two numbers → one of the same type: for floats, and for whole numbers of any width. */
interface Binary {
  float: Numeric;
  whole: Whole;
}

const binaryTable: Readonly<Record<string, Binary>> = {
  Add: { float: (a, b) => a + b, whole: (a, b) => a + b },
  Sub: { float: (a, b) => a - b, whole: (a, b) => a - b },
  Mul: { float: (a, b) => a * b, whole: (a, b) => a * b },
  // Division by zero has no result among integers; 0 stands for it.
  Div: { float: (a, b) => a / b, whole: (a, b) => (b === 0n ? 0n : a / b) },
  Max: { float: Math.max, whole: greater },
  Min: { float: Math.min, whole: lesser },
  PRelu: { float: (a, b) => (a < 0 ? a * b : a), whole: (a, b) => (a < 0n ? a * b : a) },
  BitwiseAnd: { float: () => Number.NaN, whole: (a, b) => a & b },
  BitwiseOr: { float: () => Number.NaN, whole: (a, b) => a | b },
  BitwiseXor: { float: () => Number.NaN, whole: (a, b) => a ^ b },
};

const comparisons: Readonly<Record<string, (a: number | bigint, b: number | bigint) => boolean>> = {
  Equal: (a, b) => a === b,
  Greater: (a, b) => a > b,
  GreaterOrEqual: (a, b) => a >= b,
  Less: (a, b) => a < b,
  LessOrEqual: (a, b) => a <= b,
  And: (a, b) => Boolean(a) && Boolean(b),
  Or: (a, b) => Boolean(a) || Boolean(b),
  Xor: (a, b) => Boolean(a) !== Boolean(b),
};

/** Calls `each(i, a, b)` with the elements of two broadcast tensors; returns their common shape. */
function pair(
  inputs: Inputs,
  context: OperatorContext,
  into: DType,
  f: (a: never, b: never) => number | bigint,
): Tensor {
  const [a, b] = [required(inputs, 0, context), required(inputs, 1, context)];
  const dims = broadcastDims([a, b], context);
  const y = allocate(into, sizeOf(dims)) as TypedArray;
  const [atA, atB] = [positions(a, dims), positions(b, dims)];
  const [from, by] = [dataOf(a), dataOf(b)];
  for (let i = 0; i < y.length; i++)
    y[i] = f(from[atA ? atA[i] : i] as never, by[atB ? atB[i] : i] as never) as never;
  return tensorOf(into, y, dims);
}

function sameType(inputs: Inputs, context: OperatorContext): DType {
  const types = new Set(inputs.map((input) => input?.dtype));
  const [type] = types;
  if (!type || types.size > 1) throw misfit(inputs, context, "inputs of one type", [...types].join(", "));
  return type;
}

function combine(inputs: Inputs, context: OperatorContext, { float, whole }: Binary): Tensor {
  const type = sameType(inputs, context);
  if (traits(type).kind === "float") {
    const round = rounding(type);
    return pair(inputs, context, type, (a: number, b: number) => round(float(a, b)));
  }
  return pair(inputs, context, type, (a: number, b: number) => narrow(whole(BigInt(a), BigInt(b)), type));
}

/** One or more inputs, joined from the left. */
function joined(binary: Binary): ReferenceOperator {
  return (inputs, context) => {
    const [first, ...rest] = inputs.map((_, i) => required(inputs, i, context));
    return [rest.reduce((sum, next) => combine([sum, next], context, binary), first)];
  };
}

/** Σ of the inputs divided by their number. */
const mean: ReferenceOperator = (inputs, context) => {
  const [sum] = joined(binaryTable.Add)(inputs, context);
  const count = tensorOf(sum.dtype, Float32Array.of(inputs.length), []);
  return [combine([sum, count], context, binaryTable.Div)];
};

/** The exponent may be of another type than the base, whose type the result has. */
const pow: ReferenceOperator = (inputs, context) => {
  const type = required(inputs, 0, context).dtype;
  const round = rounding(type);
  if (traits(type).kind === "float")
    return [pair(inputs, context, type, (a: number, b: number) => round(power(a, Number(b))))];
  return [
    pair(inputs, context, type, (a: number, b: number) =>
      narrow(BigInt(Math.trunc(Number(a) ** Number(b))), type),
    ),
  ];
};

/** Whole powers by repeated multiplication and roots are the same on every host; the rest is the engine's. */
function power(a: number, b: number): number {
  if (b === 0.5) return Math.sqrt(a);
  if (!Number.isInteger(b) || Math.abs(b) > 64) return a ** b;
  let product = 1;
  for (let i = 0; i < Math.abs(b); i++) product *= a;
  return b < 0 ? 1 / product : product;
}

/** The remainder has the divisor's sign; with fmod = 1 the dividend's, as in C. */
const mod: ReferenceOperator = (inputs, context) => {
  const c = numberOf(context, "fmod", 0) === 1;
  const float: Numeric = (a, b) => (c ? a % b : a - b * Math.floor(a / b));
  const whole: Whole = (a, b) => {
    if (b === 0n) return 0n;
    const rest = a % b;
    return c || rest === 0n || rest < 0n === b < 0n ? rest : rest + b;
  };
  return [combine(inputs, context, { float, whole })];
};

/** Limits are inputs from opset 11 on, attributes before. */
const clip: ReferenceOperator = (inputs, context) => {
  const x = required(inputs, 0, context);
  const limit = (index: number, name: string) => {
    const given =
      inputs[index] ??
      (typeof context.node.attributes[name] === "number" ? context.node.attributes[name] : undefined);
    return typeof given === "object" ? (dataOf(given as Tensor)[0] as number) : (given as number | undefined);
  };
  const [low, high] = [limit(1, "min"), limit(2, "max")];
  const y = dataOf(x).slice();
  for (let i = 0; i < y.length; i++) {
    if (low !== undefined && y[i] < low) y[i] = low;
    if (high !== undefined && y[i] > high) y[i] = high;
  }
  return [tensorOf(x.dtype, y, x.dims)];
};

const where: ReferenceOperator = (inputs, context) => {
  const [condition, a, b] = [0, 1, 2].map((i) => required(inputs, i, context));
  const type = sameType([a, b], context);
  const dims = broadcastDims([condition, a, b], context);
  const [atC, atA, atB] = [condition, a, b].map((tensor) => positions(tensor, dims));
  const [test, yes, no] = [dataOf(condition), dataOf(a), dataOf(b)];
  const y = allocate(type, sizeOf(dims)) as TypedArray;
  for (let i = 0; i < y.length; i++)
    y[i] = (test[atC ? atC[i] : i] ? yes[atA ? atA[i] : i] : no[atB ? atB[i] : i]) as never;
  return [tensorOf(type, y, dims)];
};

export const elementwise: Operators = {
  ...entries(binaryTable, (binary) => joined(binary)),
  ...entries(comparisons, (compare) => (inputs, context) => [
    pair(inputs, context, "bool", (a: number, b: number) => Number(compare(a, b))),
  ]),
  Sum: joined(binaryTable.Add),
  Mean: mean,
  Pow: pow,
  Mod: mod,
  Clip: clip,
  Where: where,
};
