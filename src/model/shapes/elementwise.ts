// Shape rules of operators that work element by element, and the arithmetic on known elements that lets
// sizes be followed through the computations exporters write into models.

import { add, atLeast, type Dim, equal, floorDiv, isConstant, max, min, mul, sub } from "../dim.ts";
import { complete, expandValue } from "./follow.ts";
import { broadcast, type Facts, fact, type Rule, type Rules, type Shape, type Site } from "./site.ts";

type Arithmetic = (a: Dim, b: Dim) => Dim | undefined;

/** ONNX divides integers toward zero. A dividend with names in it is taken as ≥ 0, as sizes are. */
function divide(a: Dim, b: Dim): Dim | undefined {
  if (b === 0) return undefined;
  return isConstant(a) && isConstant(b) ? Math.trunc(a / b) : floorDiv(a, b);
}

/** Remainder with the divisor's sign; ONNX's `fmod = 1` form is followed for numbers ≥ 0 only. */
function modulo(a: Dim, b: Dim): Dim | undefined {
  return b === 0 ? undefined : sub(a, mul(floorDiv(a, b), b));
}

function power(a: Dim, b: Dim): Dim | undefined {
  return isConstant(b) && b >= 0 && b <= 4 ? new Array<Dim>(b).fill(a).reduce(mul, 1) : undefined;
}

/** Sizes that differ by an expression without a known sign are neither equal nor different. */
function isEqual(a: Dim, b: Dim): Dim | undefined {
  if (equal(a, b)) return 1;
  return atLeast(a, add(b, 1)) || atLeast(b, add(a, 1)) ? 0 : undefined;
}

function isGreater(a: Dim, b: Dim): Dim | undefined {
  if (atLeast(a, add(b, 1))) return 1;
  return atLeast(b, a) ? 0 : undefined;
}

function not(truth: Dim | undefined): Dim | undefined {
  return truth === undefined ? undefined : sub(1, truth);
}

const arithmetic: Readonly<Record<string, Arithmetic>> = {
  Add: add,
  Sub: sub,
  Mul: mul,
  Div: divide,
  Mod: modulo,
  Pow: power,
};
const comparisons: Readonly<Record<string, Arithmetic>> = {
  Equal: isEqual,
  Greater: isGreater,
  Less: (a, b) => isGreater(b, a),
  GreaterOrEqual: (a, b) => not(isGreater(b, a)),
  LessOrEqual: (a, b) => not(isGreater(a, b)),
  And: min,
  Or: max,
  Xor: (a, b) => not(isEqual(a, b)),
};
const foldable: Readonly<Record<string, Arithmetic>> = { Max: max, Min: min };

/** All inputs' known elements under the common shape. */
function alignedValues(site: Site, dims: Shape): readonly (readonly Dim[])[] | undefined {
  if (!dims) return undefined;
  return complete(site.inputs.map((input) => expandValue(input?.value, input?.dims, dims)));
}

function combine(
  values: readonly (readonly Dim[])[] | undefined,
  operation: Arithmetic,
): readonly Dim[] | undefined {
  if (!values) return undefined;
  const [first, ...others] = values;
  return complete(
    first.map((dim, i) =>
      others.reduce<Dim | undefined>(
        (left, value) => (left === undefined ? left : operation(left, value[i])),
        dim,
      ),
    ),
  );
}

function commonDims(site: Site): Shape {
  const shapes = site.inputs.map((input) => input?.dims);
  return broadcast(site, shapes);
}

function binary(operation: Arithmetic | undefined, type?: "bool"): Rule {
  return (site) => {
    const dims = commonDims(site);
    const value = operation && combine(alignedValues(site, dims), operation);
    return type ? [fact(type, dims, value)] : site.like(firstKnown(site), dims, value);
  };
}

/** The first input with a fact: all inputs of these operators have one element type. */
function firstKnown(site: Site): number {
  const first = site.inputs.findIndex((input) => input !== undefined);
  return Math.max(first, 0);
}

function unary(operation?: (a: Dim) => Dim | undefined): Rule {
  return (site) => {
    const value = operation && site.value(0)?.map(operation);
    return site.like(0, site.dims(0), complete(value));
  };
}

function cast(site: Site): Facts {
  const type = site.node.op === "CastLike" ? site.inputs[1]?.dtype : site.type("to", "float32");
  if (type === undefined) return [undefined];
  const value = site.value(0);
  return [
    fact(type, site.dims(0), type === "bool" ? complete(value?.map((dim) => not(isEqual(dim, 0)))) : value),
  ];
}

function where(site: Site): Facts {
  const dims = commonDims(site);
  const choice = expandValue(site.value(0), site.dims(0), dims);
  const sides = [1, 2].map((input) => expandValue(site.value(input), site.dims(input), dims));
  const value = choice?.map((truth, i) =>
    truth === 1 ? sides[0]?.[i] : truth === 0 ? sides[1]?.[i] : sameOrNothing(sides[0]?.[i], sides[1]?.[i]),
  );
  return site.like(site.inputs[1] ? 1 : 2, dims, complete(value));
}

function sameOrNothing(a: Dim | undefined, b: Dim | undefined): Dim | undefined {
  return a !== undefined && b !== undefined && equal(a, b) ? a : undefined;
}

/** First output like the first input, no matter what the other inputs are. */
const unaryNames =
  "Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Celu Clip Cos Cosh Elu Erf Exp Gelu HardSigmoid HardSwish Hardmax " +
  "LeakyRelu Log LogSoftmax LpNormalization LRN MeanVarianceNormalization Mish Reciprocal Relu Round Selu Sigmoid " +
  "Shrink Sign Sin Sinh Softmax Softplus Softsign Sqrt Swish Tan Tanh ThresholdedRelu CumSum InstanceNormalization " +
  "Trilu ScatterND ScatterElements Scatter GroupNormalization GroupNorm RotaryEmbedding";
const broadcastNames = "Mean Sum PRelu BitwiseAnd BitwiseOr BitwiseXor BitShift";

export const elementwise: Rules = {
  ...Object.fromEntries(unaryNames.split(" ").map((name) => [name, unary()])),
  ...Object.fromEntries(broadcastNames.split(" ").map((name) => [name, binary(undefined)])),
  ...Object.fromEntries(
    Object.entries({ ...arithmetic, ...foldable }).map(([name, of]) => [name, binary(of)]),
  ),
  ...Object.fromEntries(Object.entries(comparisons).map(([name, of]) => [name, binary(of, "bool")])),
  Neg: unary((a) => mul(-1, a)),
  // Floor and Ceil of what was an integer; values are followed through integer types only.
  Floor: unary((a) => a),
  Ceil: unary((a) => a),
  Identity: unary((a) => a),
  Not: unary((a) => sub(1, a)),
  IsNaN: (site) => [fact("bool", site.dims(0))],
  IsInf: (site) => [fact("bool", site.dims(0))],
  Cast: cast,
  CastLike: cast,
  Where: where,
  Dropout: (site) => [...site.like(0, site.dims(0)), fact("bool", site.dims(0))],
};
