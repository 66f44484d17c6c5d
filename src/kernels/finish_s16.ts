// What becomes of the sums of a product with 16-bit activations before they are stored, and the parameters of these
// products, which a finish reads. Sums come as float64, in which they are exact: two vectors hold four columns.

import { type Code, type Expr, f32x4, f64x2, i16x8, i32, i32x4, type Local, v128 } from "../wasm/index.ts";
import { shuffle32 } from "./vectors.ts";

/** The parameters that all products have, in their order (`functions.ts`); those of the finishes follow. */
const commonTypes = {
  a: "i32",
  aStride: "i32",
  b: "i32",
  c: "i32",
  cStride: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  run: "i32",
  bias: "i32",
} as const;
const floatTypes16 = { ...commonTypes, aScale: "f32", factors: "i32" } as const;
const integerTypes16 = { ...commonTypes, factors: "i32", low: "i32", high: "i32" } as const;
/** Of any finish; one that has no `aScale`, or no limits, never reads them. */
export type Types16 = typeof floatTypes16 & typeof integerTypes16;

export type Parameters16 = { readonly [K in keyof Types16]: Local<Types16[K]> };
type Vector = Local<"v128">;

export interface Finish16 {
  readonly word: "f32" | "s16";
  readonly types: Types16;
  /** Bytes of a value of C. */
  readonly bytes: number;
  /** The same for all tiles: a splat scale, a mask. */
  begin(p: Parameters16): Expr<"v128">[];
  /** What 4 columns need; `at` is the address of element `column` of an array with elements of so many bytes. */
  prepare(p: Parameters16, begun: readonly Vector[], at: ColumnsAt): Expr<"v128">[];
  /** 4 columns as float32 or int32. */
  apply(low: Vector, high: Vector, prepared: readonly Vector[], begun: readonly Vector[]): Expr<"v128">;
  /** The same from int32, where the finish has a shorter way. */
  direct?(sums: Vector, prepared: readonly Vector[]): Expr<"v128">;
  /** Stores the panels of a whole tile. */
  store(c: Local<"i32">, row: readonly Expr<"v128">[]): Code;
}

/** Loads the vector `part` of the tile's 4 current columns from an array of elements of `bytes`. */
export type ColumnsAt = (array: Local<"i32">, bytes: number, part?: number) => Expr<"v128">;

const given = (pointer: Local<"i32">) => i32x4.splat(i32.sub(0, i32.ne(pointer, 0)));

export const finishes16: Record<Finish16["word"], Finish16> = {
  f32: {
    word: "f32",
    types: floatTypes16 as Types16,
    bytes: 4,
    begin: ({ aScale, bias }) => [f32x4.splat(aScale), given(bias)],
    prepare: ({ factors, bias }, [aScale, hasBias], at) => [
      f32x4.mul(aScale, at(factors, 4)),
      // −0: x + (−0) is x for every x.
      v128.bitselect(at(bias, 4), v128.const("f32x4", -0), hasBias),
    ],
    apply(low, high, [scale, bias]) {
      const sums = shuffle32(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), [0, 1, 4, 5]);
      return f32x4.add(f32x4.mul(sums, scale), bias);
    },
    direct: (sums, [scale, bias]) => f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), scale), bias),
    store: (c, row) => row.map((value, v) => v128.store(c, value, { offset: v * 16 })),
  },
  // (x·m + 2^(s−1)) >> s is ⌊x·(m/2^s) + ½⌋, exact in float64: `factors` holds m/2^s. Converting saturates.
  s16: {
    word: "s16",
    types: integerTypes16 as Types16,
    bytes: 2,
    begin: ({ bias, low, high }) => [given(bias), i32x4.splat(low), i32x4.splat(high)],
    prepare: ({ factors, bias }, [hasBias], at) => [
      ...[0, 1].map((part) => at(factors, 8, part)),
      ...[0, 1].map((part) => v128.and(at(bias, 8, part), hasBias)),
    ],
    apply(low, high, [lowFactor, highFactor, lowBias, highBias], [, least, most]) {
      const rounded = (sum: Vector, factor: Vector, bias: Vector) =>
        f64x2.floor(f64x2.add(f64x2.mul(f64x2.add(sum, bias), factor), v128.const("f64x2", 0.5)));
      const integers = shuffle32(
        i32x4.trunc_sat_f64x2_s_zero(rounded(low, lowFactor, lowBias)),
        i32x4.trunc_sat_f64x2_s_zero(rounded(high, highFactor, highBias)),
        [0, 1, 4, 5],
      );
      return i32x4.max_s(least, i32x4.min_s(most, integers));
    },
    store: (c, row) =>
      row.flatMap((value, v) =>
        v % 2 === 0 ? v128.store(c, i16x8.narrow_i32x4_s(value, row[v + 1]), { offset: v * 8 }) : [],
      ),
  },
};
