// What becomes of the sums of an 8-bit matrix product before they are stored: a value that a kernel is
// written with. Here too are the parameters of the products, which a finish reads.

import { type Expr, f32x4, i32, i32x4, type Local, v128 } from "../wasm/index.ts";

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
export const floatTypes = { ...integerTypes, aScale: "f32", bScales: "i32", bias: "i32" } as const;

export type Parameters = { readonly [K in keyof typeof floatTypes]: Local<(typeof floatTypes)[K]> };
/**
 * What becomes of a tile's sums. `begin` is computed once for a strip, `prepare` once for 4 columns, `apply`
 * for each vector of sums.
 */
export interface Finish {
  readonly word: "i32" | "f32";
  begin(p: Parameters): Expr<"v128">[];
  prepare(p: Parameters, begun: readonly Local<"v128">[], columns: Columns): Expr<"v128">[];
  apply(sums: Expr<"v128">, prepared: readonly Local<"v128">[]): Expr<"v128">;
}
/** The current 4 columns of an array of 32-bit values, one a column. */
export type Columns = (array: Local<"i32">) => Expr<"v128">;

/** −0: x + (−0) is x for every x, also for −0. It stands for a bias that is not given. */
const noBias = v128.const("f32x4", -0);

export const finishes: Record<Finish["word"], Finish> = {
  i32: { word: "i32", begin: () => [], prepare: () => [], apply: (sums) => sums },
  f32: {
    word: "f32",
    begin: ({ aScale, bias }) => [f32x4.splat(aScale), i32x4.splat(i32.sub(0, i32.ne(bias, 0)))],
    prepare: ({ bScales, bias }, [aScale, hasBias], columns) => [
      f32x4.mul(aScale, columns(bScales)),
      v128.bitselect(columns(bias), noBias, hasBias),
    ],
    apply: (sums, [scale, bias]) => f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), scale), bias),
  },
};
