// Operators of one input that work element by element. Float results are rounded to their type.

import type { TypedArray } from "../../tensor/dtype.ts";
import { allocate, type Tensor } from "../../tensor/tensor.ts";
import * as math from "../functions.ts";
import { narrow, rounding } from "./numbers.ts";
import {
  dataOf,
  entries,
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

function plain([float, double = float]: UnaryEntry): ReferenceOperator {
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

export const unary: Operators = {
  ...entries(unaryTable, plain),
  ...entries(parametric, withParameters),
  Gelu: gelu,
  Not: test("any", (x) => x === 0),
  IsNaN: test("float", Number.isNaN),
  IsInf: test("float", (x, context) =>
    x > 0
      ? x === Infinity && numberOf(context, "detect_positive", 1) === 1
      : x === -Infinity && numberOf(context, "detect_negative", 1) === 1),
};
