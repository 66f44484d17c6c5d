// The contract of the kernels whose results are bytes; the conventions are those of `functions.ts`.

import type { Pointer } from "./functions.ts";

export interface ByteFunctions {
  /**
   * The accumulator of `matmul_u8s8_i32` plus bias[n], requantized with rounding `even` (`src/reference/requantize.ts`).
   * @param bias int32[N]
   * @param factors float32[N]
   * @param zero, low, high of the result as unsigned bytes
   * @param flip 0, or 128 for signed bytes: then the ones stored are zero, low and high less 128
   */
  matmul_u8s8_u8(
    a: Pointer,
    aStride: number,
    b: Pointer,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    aZero: number,
    bSums: Pointer,
    bZeros: Pointer,
    rowSums: Pointer,
    bias: Pointer,
    factors: Pointer,
    zero: number,
    low: number,
    high: number,
    flip: number,
  ): void;
  /**
   * The same, rounding `double`.
   * @param factors int32[N], the multipliers
   * @param powers int32[N], 2^(30 + min(shift, 0)) for shifts ≥ −30
   * @param lefts int32[N], 2^max(shift, 0)
   */
  matmul_u8s8_u8_fixed(
    a: Pointer,
    aStride: number,
    b: Pointer,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    aZero: number,
    bSums: Pointer,
    bZeros: Pointer,
    rowSums: Pointer,
    bias: Pointer,
    factors: Pointer,
    zero: number,
    low: number,
    high: number,
    flip: number,
    powers: Pointer,
    lefts: Pointer,
  ): void;
  /** y[i] = round(x[i] / scale) + zero, half to even, limited to 0 … most ≤ 255; `zero` is a whole float32 of these. */
  quantize_u8(x: Pointer, n: number, y: Pointer, scale: number, zero: number, most: number): void;
  /**
   * y[i] = round((a[i] − aZero)·aFactor + (b[i] − bZero)·bFactor) + zero, each operation a float32, half to even;
   * zero, low, high and flip as for `matmul_u8s8_u8`.
   */
  add_u8(
    a: Pointer,
    b: Pointer,
    y: Pointer,
    n: number,
    aZero: number,
    bZero: number,
    aFactor: number,
    bFactor: number,
    zero: number,
    low: number,
    high: number,
    flip: number,
  ): void;
}
