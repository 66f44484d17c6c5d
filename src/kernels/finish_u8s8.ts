// What becomes of the sums of an 8-bit matrix product before they are stored: a value that a kernel is
// written with. Here too are the parameters of the products, which a finish reads.

import { ROUNDER } from "../tensor/approximations.ts";
import { type Code, type Expr, f32x4, i8x16, i32, i32x4, i64x2, type Local, v128 } from "../wasm/index.ts";
import { ROUNDER_BITS, shuffle32 } from "./vectors.ts";

/** The parameters of the exported functions, in their order (`functions.ts`). */
export const integerTypes = {
  a: "i32",
  aStride: "i32",
  b: "i32",
  c: "i32",
  cStride: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  aZero: "i32",
  bSums: "i32",
  bZeros: "i32",
  rowSums: "i32",
} as const;
/** What a finish reads beside them, and in which order its functions have it. */
const floatFinish = { aScale: "f32", bScales: "i32", bias: "i32" } as const;
const byteFinish = {
  bias: "i32",
  factors: "i32",
  zero: "i32",
  low: "i32",
  high: "i32",
  flip: "i32",
} as const;
const fixedFinish = { ...byteFinish, powers: "i32", lefts: "i32" } as const;
const allTypes = { ...integerTypes, ...floatFinish, ...fixedFinish } as const;

export type AllTypes = typeof allTypes;
export type Parameters = { readonly [K in keyof AllTypes]: Local<AllTypes[K]> };
export type FinishWord = "i32" | "f32" | "u8" | "u8_fixed";

/**
 * What becomes of a tile's sums. `begin` is computed once for a strip, `prepare` once for 4 columns, `apply`
 * for each vector of sums, which it changes in place.
 */
export interface Finish {
  readonly word: FinishWord;
  /** Its parameters, behind those of the sums. */
  readonly types: Partial<AllTypes>;
  /** Bytes of a value of C. */
  readonly bytes: 1 | 4;
  /** Whether an int32 bias is added to the sums. */
  readonly biased: boolean;
  /** Vectors that `apply` needs for itself. */
  readonly temporaries: number;
  begin(p: Parameters): Expr<"v128">[];
  prepare(p: Parameters, begun: readonly Local<"v128">[], columns: Columns): Expr<"v128">[];
  apply(sum: Local<"v128">, at: Applied): Code;
  /** What becomes of 16 results that are bytes, from the values of `begin`. */
  limit(bytes: Expr<"v128">, begun: readonly Local<"v128">[]): Expr<"v128">;
}
/** The values that `begin` and `prepare` gave, and the temporaries. */
export interface Applied {
  readonly begun: readonly Local<"v128">[];
  readonly prepared: readonly Local<"v128">[];
  readonly temporaries: readonly Local<"v128">[];
}
/** The current 4 columns of an array of 32-bit values, one a column. */
export type Columns = (array: Local<"i32">) => Expr<"v128">;

/** −0: x + (−0) is x for every x, also for −0. It stands for a bias that is not given. */
const noBias = v128.const("f32x4", -0);

const wide = {
  ...({ bytes: 4, biased: false, temporaries: 0 } as const),
  limit: (value: Expr<"v128">) => value,
};

const i32Finish: Finish = {
  ...{ ...wide, word: "i32", types: {} },
  begin: () => [],
  prepare: () => [],
  apply: () => [],
};

const f32Finish: Finish = {
  ...{ ...wide, word: "f32", types: floatFinish },
  begin: ({ aScale, bias }) => [f32x4.splat(aScale), i32x4.splat(i32.sub(0, i32.ne(bias, 0)))],
  prepare: ({ bScales, bias }, [aScale, hasBias], columns) => [
    f32x4.mul(aScale, columns(bScales)),
    v128.bitselect(columns(bias), noBias, hasBias),
  ],
  apply: (sum, { prepared: [scale, bias] }) =>
    sum.set(f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sum), scale), bias)),
};

/**
 * Rounding `even`. What is far above the bytes only has to stay above, until it is narrowed and limited as bytes; what is
 * far below is stopped before the bits of a float could pass for those of a large integer. `flip` makes bytes signed.
 */
const u8Finish: Finish = {
  ...{ word: "u8", types: byteFinish, bytes: 1, biased: true, temporaries: 0 },
  begin: ({ zero, low, high, flip }) => [
    i8x16.splat(flip),
    i8x16.splat(low),
    i8x16.splat(high),
    v128.const("f32x4", -(2 ** 22)),
    v128.const("f32x4", ROUNDER),
    i32x4.splat(i32.sub(ROUNDER_BITS, zero)),
  ],
  prepare: ({ factors }, _, columns) => [columns(factors)],
  apply: (sum, { begun: [, , , least, rounder, offset], prepared: [factor] }) => {
    const product = f32x4.mul(f32x4.convert_i32x4_s(sum), factor);
    return sum.set(i32x4.sub(f32x4.add(f32x4.pmax(product, least), rounder), offset));
  },
  limit: (bytes, [flip, low, high]) => v128.xor(i8x16.min_u(i8x16.max_u(bytes, low), high), flip),
};

/**
 * Rounding `double`, with P = 2^(30 − right): x = (sum·left·multiplier + 2^30) >> 31, then with 1 less below zero (unless
 * there is no shift) (x·P + 2^29) >> 30, which is x / 2^right with ties away from zero. Both in 64 bits, exactly.
 */
const fixedPointFinish: Finish = {
  ...{ word: "u8_fixed", types: fixedFinish, bytes: 1, biased: true, temporaries: 1 },
  begin: ({ zero, low, high, flip }) => [
    i8x16.splat(flip),
    i32x4.splat(i32.sub(low, zero)),
    i32x4.splat(i32.sub(high, zero)),
    i32x4.splat(zero),
    v128.const("i64x2", 2 ** 30),
    v128.const("i64x2", 2 ** 29),
  ],
  prepare: ({ factors, powers, lefts }, _, columns) => [
    columns(factors),
    columns(powers),
    i32x4.ne(columns(powers), v128.const("i32x4", 2 ** 30)),
    columns(lefts),
  ],
  apply: (sum, { begun, prepared: [multiplier, power, shifted, left], temporaries: [x] }) => {
    const [, low, high, zero, half31, half30] = begun;
    return [
      sum.set(i32x4.mul(sum, left)),
      x.set(highProduct(sum, multiplier, half31, 31)),
      x.set(i32x4.add(x, v128.and(i32x4.shr_s(x, 31), shifted))),
      sum.set(highProduct(x, power, half30, 30)),
      sum.set(i32x4.add(i32x4.min_s(i32x4.max_s(sum, low), high), zero)),
    ];
  },
  limit: (bytes, [flip]) => v128.xor(bytes, flip),
};

/** (a·b + half) >> shift of each lane; only the low 32 bits are kept, so that a logical shift will do. */
function highProduct(a: Local<"v128">, b: Local<"v128">, half: Local<"v128">, shift: number): Expr<"v128"> {
  const [low, high] = [i64x2.extmul_low_i32x4_s(a, b), i64x2.extmul_high_i32x4_s(a, b)].map((product) =>
    i64x2.shr_u(i64x2.add(product, half), shift),
  );
  return shuffle32(low, high, [0, 2, 4, 6]);
}

export const finishes: Record<FinishWord, Finish> = {
  i32: i32Finish,
  f32: f32Finish,
  u8: u8Finish,
  u8_fixed: fixedPointFinish,
};
