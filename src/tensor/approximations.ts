// Coefficients of the elementary functions in float32. The reference (`src/reference/functions.ts`) and the
// SIMD kernels (`src/kernels/math.ts`) evaluate the same polynomials with the same roundings, so that both
// give the same bits on every host; the engines' own `Math.exp` and friends differ from host to host.
//
// Every polynomial is a minimax fit, lowest power first, each coefficient rounded to float32, evaluated by
// Horner's rule. The stated errors are against the true function and are tested in
// `src/reference/functions.test.ts`.

/** Adding and subtracting 1.5·2²³ rounds |x| < 2²² to an integer, half to even; the low bits then hold it. */
export const ROUNDER = 12582912;

/**
 * e^x = 2^(n−1) · 2e^r with n = round(x/ln 2), r = x − n·ln 2 in [−0.347, 0.347]. Error ≤ 1.5 units in the
 * last place. The doubled polynomial keeps 2^(n−1) a normal number up to the overflow. Results below 1.7e-38 are 0:
 * none is subnormal, which would be slow on some processors.
 */
export const exp = {
  /** Below it the result is 0 … */
  lowest: -86.98,
  /** … and from here on infinity anyway. */
  highest: 89,
  perLn2: 1.4426950216293335,
  /** ln 2 in two parts; the first has 15 bits, so that n times it is exact. */
  ln2: [0.693145751953125, 1.428606765330187e-6],
  polynomial: [
    2, 2, 0.9999998807907104, 0.3333303928375244, 0.08333679288625717, 0.016737593337893486,
    0.0027628864627331495,
  ],
} as const;

/**
 * ln x = e·ln 2 + ln(1 + f) with x = 2^e·(1 + f), 1 + f in [√½, √2); ln(1 + f) = f − f²/2 + f³·P(f).
 * Relative error ≤ 2e-7.
 */
export const log = {
  /** Bits of √½: subtracting them from the bits of x leaves e in the exponent's place. */
  sqrtHalfBits: 0x3f3504f3,
  smallestNormal: 1.1754943508222875e-38,
  /** Subnormal numbers are first multiplied by 2²³. */
  subnormalScale: 8388608,
  subnormalExponent: 23,
  ln2: [0.693145751953125, 1.428606765330187e-6],
  polynomial: [
    0.3333390951156616, -0.2500133812427521, 0.19963063299655914, -0.1657758504152298, 0.14914777874946594,
    -0.14267480373382568, 0.08700393885374069,
  ],
} as const;

/**
 * sin x and cos x by the quadrant n = round(x/(π/2)) and r = x − n·π/2 in [−π/4, π/4]:
 * sin r = r + r³·S(r²), cos r = 1 − r²/2 + r⁴·C(r²). Absolute error ≤ 1e-6 for |x| ≤ 1e4; beyond that it
 * grows with x, the result staying within [−1, 1].
 */
export const trigonometric = {
  perHalfPi: 0.6366197466850281,
  /** π/2 in three parts; n times the first two (10 bits each) is exact up to |x| of 2.5e4. */
  halfPi: [1.5703125, 0.00048351287841796875, 3.1391647326017846e-7],
  /** r is kept within ±: only arguments too large to be reduced reach it. */
  bound: 0.79,
  sine: [-0.16666650772094727, 0.008331972174346447, -0.00019494761363603175],
  cosine: [0.04166664555668831, -0.0013887359527871013, 2.443753146508243e-5],
} as const;

/** An odd function that tends to ±1: x·P(x²)/Q(x²) for |x| ≤ bound, where it reaches 1; limited to ±1. */
export interface OddRational {
  readonly bound: number;
  readonly numerator: readonly number[];
  readonly denominator: readonly number[];
}

/** Absolute error ≤ 3.5e-7. */
export const tanh: OddRational = {
  bound: 8.409375,
  numerator: [1, 0.13393986225128174, 0.0035110116004943848, 2.0864667021669447e-5, 1.3713616908717086e-8],
  denominator: [1, 0.4672730565071106, 0.025935573503375053, 0.0003310927131678909, 7.922366762613819e-7],
};

/** Absolute error ≤ 4e-7. */
export const erf: OddRational = {
  bound: 3.815625,
  numerator: [
    1.1283791065216064, 0.18965646624565125, 0.05266651138663292, 0.003737851046025753, 0.0002850428281817585,
    2.066443357762182e-6,
  ],
  denominator: [
    1, 0.5014114379882812, 0.11381449550390244, 0.014913286082446575, 0.0011572410585358739,
    3.8268703065114096e-5,
  ],
};

/** √½, for gelu(x) = x/2·(1 + erf(x·√½)). */
export const SQRT_HALF = 0.7071067690849304;
