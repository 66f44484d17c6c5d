// Operators that work element by element, with broadcasting. Float results are rounded to their type after
// each operation; integers wrap as the type does.

import { type DType, type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate, sizeOf, type Tensor } from "../../tensor/tensor.ts";
import * as math from "../functions.ts";
import { broadcastDims, positions } from "./broadcast.ts";
import { greater, lesser, narrow, rounding } from "./numbers.ts";
import {
  dataOf,
  type Inputs,
  kindOf,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
  textOf,
} from "./operator.ts";

const f32 = Math.fround;

type Unary = (x: number) => number;
type Numeric = (a: number, b: number) => number;
type Whole = (a: bigint, b: bigint) => bigint;

/** y = f(x); the second function is for float64, where it is not the same. */
type UnaryEntry = readonly [float: Unary, double?: Unary];

const unaryTable: Readonly<Record<string, UnaryEntry>> = {
  Abs: [Math.abs],
  Neg: [(x) => -x],
  Sqrt: [Math.sqrt],
  Reciprocal: [(x) => 1 / x],
  Exp: [math.exp, Math.exp],
  Log: [math.log, Math.log],
  Sin: [math.sin, Math.sin],
  Cos: [math.cos, Math.cos],
  Erf: [math.erf],
  Tanh: [math.tanh, Math.tanh],
  Sigmoid: [math.sigmoid, (x) => 1 / (1 + Math.exp(-x))],
  Relu: [(x) => Math.max(x, 0)],
  Floor: [Math.floor],
  Ceil: [Math.ceil],
  Round: [math.roundHalfEven],
  Sign: [Math.sign],
  Softplus: [(x) => softplus(x)],
  Softsign: [(x) => x / f32(1 + Math.abs(x))],
  Mish: [(x) => x * math.tanh(softplus(x))],
  HardSwish: [(x) => x * hardSigmoid(x, f32(1 / 6), 0.5)],
};

/** ln(1 + e^x), without overflow. */
function softplus(x: number): number {
  return f32(Math.max(x, 0) + math.log(f32(1 + math.exp(-Math.abs(x)))));
}

/** max(0, min(1, alpha·x + beta)) */
function hardSigmoid(x: number, alpha: number, beta: number): number {
  return Math.max(0, Math.min(1, f32(f32(alpha * x) + beta)));
}

/** Functions with parameters: attributes (with defaults) a, b. */
const parametric: Readonly<
  Record<
    string,
    { defaults: Readonly<Record<string, number>>; f: (x: number, a: number, b: number) => number }
  >
> = {
  LeakyRelu: { defaults: { alpha: 0.01 }, f: (x, alpha) => (x < 0 ? alpha * x : x) },
  Elu: { defaults: { alpha: 1 }, f: (x, alpha) => (x < 0 ? alpha * f32(math.exp(x) - 1) : x) },
  Celu: { defaults: { alpha: 1 }, f: (x, alpha) => (x < 0 ? alpha * f32(math.exp(f32(x / alpha)) - 1) : x) },
  Selu: {
    defaults: { alpha: 1.6732632423543772, gamma: 1.0507009873554805 },
    f: (x, alpha, gamma) => gamma * (x > 0 ? x : f32(f32(alpha * math.exp(x)) - alpha)),
  },
  ThresholdedRelu: { defaults: { alpha: 1 }, f: (x, alpha) => (x > alpha ? x : 0) },
  HardSigmoid: { defaults: { alpha: 0.2, beta: 0.5 }, f: hardSigmoid },
  Swish: { defaults: { alpha: 1 }, f: (x, alpha) => x * math.sigmoid(f32(alpha * x)) },
};

function mapFloats(inputs: Inputs, context: OperatorContext, f: Unary): Tensor[] {
  const x = required(inputs, 0, context);
  const data = dataOf(x);
  const y = allocate(x.dtype, data.length) as TypedArray;
  const round = rounding(x.dtype);
  if (kindOf(x) === "float") for (let i = 0; i < data.length; i++) y[i] = round(f(data[i] as number));
  else for (let i = 0; i < data.length; i++) y[i] = narrow(f(Number(data[i])), x.dtype);
  return [tensorOf(x.dtype, y, x.dims)];
}

function unary([float, double = float]: UnaryEntry): ReferenceOperator {
  return (inputs, context) => mapFloats(inputs, context, inputs[0]?.dtype === "float64" ? double : float);
}

function withParameters({ defaults, f }: (typeof parametric)[string]): ReferenceOperator {
  return (inputs, context) => {
    const [a = 0, b = 0] = Object.entries(defaults).map(([name, value]) =>
      f32(numberOf(context, name, value)),
    );
    return mapFloats(inputs, context, (x) => f(x, a, b));
  };
}

const SQRT_2_OVER_PI = f32(Math.sqrt(2 / Math.PI));
const GELU_CUBIC = f32(0.044715);

/** x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) */
function geluTanh(x: number): number {
  const inner = f32(x + f32(GELU_CUBIC * f32(f32(x * x) * x)));
  return f32(0.5 * x) * f32(1 + math.tanh(f32(SQRT_2_OVER_PI * inner)));
}

const gelu: ReferenceOperator = (inputs, context) =>
  mapFloats(inputs, context, textOf(context, "approximate", "none") === "tanh" ? geluTanh : math.gelu);

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

function test(
  dtype: "float" | "any",
  f: (x: number, context: OperatorContext) => boolean,
): ReferenceOperator {
  return (inputs, context) => {
    const x = required(inputs, 0, context);
    if (dtype === "float" && kindOf(x) !== "float") throw misfit(inputs, context, "floats", x.dtype);
    return [
      tensorOf(
        "bool",
        Uint8Array.from(x.numbers(), (value) => Number(f(value, context))),
        x.dims,
      ),
    ];
  };
}

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

function entries<T>(table: Readonly<Record<string, T>>, make: (entry: T) => ReferenceOperator): Operators {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, make(entry)]));
}

export const elementwise: Operators = {
  ...entries(unaryTable, unary),
  ...entries(parametric, withParameters),
  ...entries(binaryTable, (binary) => joined(binary)),
  ...entries(comparisons, (compare) => (inputs, context) => [
    pair(inputs, context, "bool", (a: number, b: number) => Number(compare(a, b))),
  ]),
  Gelu: gelu,
  Sum: joined(binaryTable.Add),
  Mean: mean,
  Pow: pow,
  Mod: mod,
  Clip: clip,
  Not: test("any", (x) => x === 0),
  IsNaN: test("float", Number.isNaN),
  IsInf: test("float", (x, context) =>
    x > 0
      ? x === Infinity && numberOf(context, "detect_positive", 1) === 1
      : x === -Infinity && numberOf(context, "detect_negative", 1) === 1),
  Where: where,
};
