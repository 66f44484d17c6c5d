// Arithmetic on sizes that are known only when a model runs: integer polynomials over named sizes, simplified
// so that two ways of computing the same size compare as equal. Plain numbers stay plain numbers.

import { OctavoxError } from "../errors.ts";
import {
  collect,
  compareTexts,
  type Dim,
  divideTerms,
  type Factor,
  format,
  multiplyTerms,
  opaque,
  type Term,
  termsOf,
} from "./expr.ts";

export { type Dim, Expr, format, isConstant, symbol } from "./expr.ts";

/** True when both are the same for every value of the names; false says only that they may differ. */
export function equal(a: Dim, b: Dim): boolean {
  return typeof a === "number" || typeof b === "number" ? a === b : a.text === b.text;
}

export function add(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a + b;
  return collect([...termsOf(a), ...termsOf(b)]);
}

export function sub(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return add(a, mul(-1, b));
}

export function mul(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return a * b;
  return collect(termsOf(a).flatMap((x) => termsOf(b).map((y) => multiplyTerms(x, y))));
}

/** The product of all; 1 for none. */
export function product(dims: readonly Dim[]): Dim {
  return dims.reduce(mul, 1);
}

/** a / b when that is an integer (an integer polynomial) whatever the names stand for. */
export function divideExactly(a: Dim, b: Dim): Dim | undefined {
  if (b === 0) return undefined;
  const [lead] = termsOf(b);
  const quotient: Term[] = [];
  // Long division: terms are in graded lexicographic order, so every step removes the highest term.
  for (let rest = a; rest !== 0; ) {
    const step = divideTerms(termsOf(rest)[0], lead);
    if (step === undefined) return undefined;
    quotient.push(step);
    rest = sub(rest, mul(collect([step]), b));
  }
  return collect(quotient);
}

/** ⌊a / b⌋ */
export function floorDiv(a: Dim, b: Dim): Dim {
  if (b === 0) throw new OctavoxError("shape", `${format(a)} divided by zero`);
  if (typeof a === "number" && typeof b === "number") return Math.floor(a / b);
  const exact = divideExactly(a, b);
  if (exact !== undefined) return exact;
  return typeof b === "number" && b > 0 ? floorByNumber(a, b) : collect([opaque("floor", [a, b])]);
}

/** ⌈a / b⌉ for b > 0 */
export function ceilDiv(a: Dim, b: Dim): Dim {
  if (typeof a === "number" && typeof b === "number") return Math.ceil(a / b);
  return floorDiv(add(a, sub(b, 1)), b);
}

export function max(a: Dim, b: Dim): Dim {
  return choose("max", a, b, atLeast(a, b), atLeast(b, a));
}

export function min(a: Dim, b: Dim): Dim {
  return choose("min", a, b, atLeast(b, a), atLeast(a, b));
}

/** True when a ≥ b whatever the names stand for; false says only that this is not certain. */
export function atLeast(a: Dim, b: Dim): boolean {
  return boundsOf(sub(a, b))[0] >= 0;
}

/** The expression with names replaced; names without a binding stay. */
export function substitute(dim: Dim, bindings: ReadonlyMap<string, Dim>): Dim {
  if (typeof dim === "number") return dim;
  let sum: Dim = 0;
  for (const { coefficient, factors } of dim.terms)
    sum = add(
      sum,
      factors.reduce<Dim>((value, factor) => mul(value, replaceFactor(factor, bindings)), coefficient),
    );
  return sum;
}

/** @throws OctavoxError `argument` when a name has no value */
export function evaluate(dim: Dim, bindings: ReadonlyMap<string, number>): number {
  const value = substitute(dim, bindings);
  if (typeof value === "number") return value;
  throw new OctavoxError("argument", `the size ${format(dim)} is not known`, {
    expected: "a value for every name in it",
    found: [...bindings.keys()].join(", ") || "no values",
  });
}

// -- division and choice ------------------------------------------------------------------------------------

function choose(kind: "max" | "min", a: Dim, b: Dim, first: boolean, second: boolean): Dim {
  if (first) return a;
  if (second) return b;
  return collect([opaque(kind, compareTexts(format(a), format(b)) <= 0 ? [a, b] : [b, a])]);
}

/** ⌊a / n⌋ with everything that n divides taken out, common divisors cancelled and nested divisions joined. */
function floorByNumber(a: Dim, n: number): Dim {
  const whole: Term[] = [];
  const rest: Term[] = [];
  for (const term of termsOf(a)) {
    const { coefficient, factors } = term;
    const outside = factors.length === 0 ? Math.floor(coefficient / n) : Math.trunc(coefficient / n);
    whole.push({ coefficient: outside, factors });
    rest.push({ coefficient: coefficient - outside * n, factors });
  }
  return add(collect(whole), floorOfRest(collect(rest), n));
}

/** ⌊rest / n⌋ where no coefficient of `rest` reaches n. */
function floorOfRest(rest: Dim, n: number): Dim {
  if (typeof rest === "number") return Math.floor(rest / n);
  const variable = rest.terms.filter((term) => term.factors.length > 0);
  const constant = rest.terms.length > variable.length ? rest.terms[variable.length].coefficient : 0;
  // ⌊(g·x + c) / (g·m)⌋ = ⌊(x + ⌊c/g⌋) / m⌋
  const divisor = variable.reduce((common, term) => gcd(common, Math.abs(term.coefficient)), n);
  if (divisor > 1) {
    const inner = variable.map(({ coefficient, factors }) => ({
      coefficient: coefficient / divisor,
      factors,
    }));
    return floorDiv(add(collect(inner), Math.floor(constant / divisor)), n / divisor);
  }
  // ⌊(⌊x/m⌋ + c) / n⌋ = ⌊(x + c·m) / (m·n)⌋
  const [only] = variable;
  const [factor] = only.factors;
  if (
    variable.length === 1 &&
    only.coefficient === 1 &&
    only.factors.length === 1 &&
    factor.kind === "floor"
  ) {
    const [dividend, by] = factor.args;
    if (typeof by === "number") return floorDiv(add(dividend, constant * by), by * n);
  }
  return collect([opaque("floor", [rest, n])]);
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

const operations = { floor: floorDiv, max, min } as const;

function replaceFactor(factor: Factor, bindings: ReadonlyMap<string, Dim>): Dim {
  if (factor.kind === "symbol")
    return bindings.get(factor.text) ?? collect([{ coefficient: 1, factors: [factor] }]);
  const [left, right] = factor.args.map((dim) => substitute(dim, bindings));
  return operations[factor.kind](left, right);
}

// -- bounds --------------------------------------------------------------------------------------------

type Bounds = readonly [lower: number, upper: number];

/** Least and greatest value when every named size is ≥ 0. */
function boundsOf(dim: Dim): Bounds {
  if (typeof dim === "number") return [dim, dim];
  let [lower, upper] = [0, 0];
  for (const { coefficient, factors } of dim.terms) {
    const [low, high] = factors.map(factorBounds).reduce(multiplyBounds, [1, 1]);
    lower += scale(coefficient, coefficient > 0 ? low : high);
    upper += scale(coefficient, coefficient > 0 ? high : low);
  }
  return [lower, upper];
}

function factorBounds({ kind, args }: Factor): Bounds {
  if (kind === "symbol") return [0, Number.POSITIVE_INFINITY];
  const [[low, high], [otherLow, otherHigh]] = args.map(boundsOf);
  if (kind === "max") return [Math.max(low, otherLow), Math.max(high, otherHigh)];
  if (kind === "min") return [Math.min(low, otherLow), Math.min(high, otherHigh)];
  if (otherLow !== otherHigh || otherLow <= 0)
    return [low >= 0 && otherLow >= 0 ? 0 : Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return [Math.floor(low / otherLow), Math.floor(high / otherLow)];
}

function multiplyBounds(a: Bounds, b: Bounds): Bounds {
  const corners = a.flatMap((x) => b.map((y) => scale(x, y)));
  return [Math.min(...corners), Math.max(...corners)];
}

/** x·y, 0 for 0·∞. */
function scale(x: number, y: number): number {
  return x === 0 || y === 0 ? 0 : x * y;
}
