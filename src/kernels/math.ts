// The elementary functions on four lanes: operation for operation those of `src/reference/functions.ts`,
// with the same coefficients, so that every lane has the reference's bits.
//
// pmin(a, b) is b < a ? b : a, which keeps a NaN in a and is one instruction.

import * as table from "../tensor/approximations.ts";
import { f32x4, i32x4, type Local, v128 } from "../wasm/index.ts";
import type { Formula, Lanes, Vector } from "./vectors.ts";

const { add, sub, mul, div, lt } = f32x4;

/** Σ coefficients[i]·x^i by Horner's rule. */
function polynomial(lanes: Lanes, x: Local<"v128">, coefficients: readonly number[]): Vector {
  const [highest, ...lower] = coefficients.map((coefficient) => lanes.float(coefficient)).reverse();
  return lower.reduce<Vector>((sum, coefficient) => add(mul(sum, x), coefficient), highest);
}

/** x limited to [−bound, bound]; NaN stays NaN. */
function limit(lanes: Lanes, x: Vector, bound: number): Vector {
  return f32x4.pmax(f32x4.pmin(x, lanes.float(bound)), lanes.float(-bound));
}

export const exp: Formula = (lanes, x) => {
  const { lowest, highest, perLn2, ln2 } = table.exp;
  const rounder = lanes.float(table.ROUNDER);
  const limited = lanes.keep(f32x4.pmin(x, lanes.float(highest)));
  // The low bits of `shifted` are n; what stands above them is shifted out.
  const shifted = lanes.keep(add(mul(limited, lanes.float(perLn2)), rounder));
  const n = lanes.keep(sub(shifted, rounder));
  const r = lanes.keep(sub(sub(limited, mul(n, lanes.float(ln2[0]))), mul(n, lanes.float(ln2[1]))));
  const power = i32x4.shl(i32x4.add(shifted, lanes.int(126)), 23);
  const value = mul(polynomial(lanes, r, table.exp.polynomial), power);
  return v128.andnot(value, lt(x, lanes.float(lowest)));
};

export const log: Formula = (lanes, x) => {
  const { sqrtHalfBits, smallestNormal, subnormalScale, subnormalExponent, ln2 } = table.log;
  const subnormal = lanes.keep(lt(x, lanes.float(smallestNormal)));
  const bits = lanes.keep(v128.bitselect(mul(x, lanes.float(subnormalScale)), x, subnormal));
  const exponent = lanes.keep(i32x4.shr_s(i32x4.sub(bits, lanes.int(sqrtHalfBits)), 23));
  const f = lanes.keep(sub(i32x4.sub(bits, i32x4.shl(exponent, 23)), lanes.float(1)));
  const below = v128.and(subnormal, lanes.int(subnormalExponent));
  const e = lanes.keep(f32x4.convert_i32x4_s(i32x4.sub(exponent, below)));
  const square = lanes.keep(mul(f, f));
  const tail = mul(mul(square, f), polynomial(lanes, f, table.log.polynomial));
  const small = add(sub(tail, mul(lanes.float(0.5), square)), mul(e, lanes.float(ln2[1])));
  const value = add(add(small, f), mul(e, lanes.float(ln2[0])));
  return logAtTheEnds(lanes, x, value);
};

/** ln 0 = −∞, ln ∞ = ∞, and NaN for NaN and what is below 0. */
function logAtTheEnds(lanes: Lanes, x: Local<"v128">, value: Vector): Vector {
  const zero = lanes.float(0);
  const infinity = lanes.float(Number.POSITIVE_INFINITY);
  const real = v128.bitselect(infinity, value, f32x4.eq(x, infinity));
  const positive = v128.bitselect(real, lanes.float(Number.NaN), f32x4.gt(x, zero));
  return v128.bitselect(lanes.float(Number.NEGATIVE_INFINITY), positive, f32x4.eq(x, zero));
}

/** sin(x + turns·π/2) */
function sinAfter(lanes: Lanes, x: Local<"v128">, turns: number): Vector {
  const { perHalfPi, halfPi, bound, sine, cosine } = table.trigonometric;
  const n = lanes.keep(f32x4.nearest(mul(x, lanes.float(perHalfPi))));
  const rest = halfPi.reduce<Vector>((r, part) => sub(r, mul(n, lanes.float(part))), x);
  const r = lanes.keep(limit(lanes, rest, bound));
  const quadrant = lanes.keep(i32x4.add(i32x4.trunc_sat_f32x4_s(n), lanes.int(turns)));
  const square = lanes.keep(mul(r, r));
  const even = add(r, mul(mul(r, square), polynomial(lanes, square, sine)));
  const odd = add(
    sub(lanes.float(1), mul(lanes.float(0.5), square)),
    mul(mul(square, square), polynomial(lanes, square, cosine)),
  );
  // Bit 0 of the quadrant, spread over the lane, chooses; bit 1, moved to the sign, negates.
  const isOdd = i32x4.shr_s(i32x4.shl(quadrant, 31), 31);
  const sign = v128.and(i32x4.shl(quadrant, 30), lanes.int(-0x80000000));
  return v128.xor(v128.bitselect(odd, even, isOdd), sign);
}

export const sin: Formula = (lanes, x) => sinAfter(lanes, x, 0);
export const cos: Formula = (lanes, x) => sinAfter(lanes, x, 1);

function oddRational(lanes: Lanes, x: Vector, { bound, numerator, denominator }: table.OddRational): Vector {
  const limited = lanes.keep(limit(lanes, x, bound));
  const square = lanes.keep(mul(limited, limited));
  const above = mul(limited, polynomial(lanes, square, numerator));
  return limit(lanes, div(above, polynomial(lanes, square, denominator)), 1);
}

export const tanh: Formula = (lanes, x) => oddRational(lanes, x, table.tanh);
export const erf: Formula = (lanes, x) => oddRational(lanes, x, table.erf);

export const sigmoid: Formula = (lanes, x) => {
  const one = lanes.float(1);
  return div(one, add(one, exp(lanes, lanes.keep(f32x4.neg(x)))));
};

export const silu: Formula = (lanes, x) => mul(x, sigmoid(lanes, x));

export const gelu: Formula = (lanes, x) => {
  const inner = erf(lanes, lanes.keep(mul(x, lanes.float(table.SQRT_HALF))));
  return mul(mul(lanes.float(0.5), x), add(lanes.float(1), inner));
};
