// The contract of the products with other than 8-bit operands, and of their look-ups: part of `KernelFunctions`, whose
// conventions hold (`functions.ts`).

import type { Pointer } from "./functions.ts";

export interface WeightFunctions {
  /** y[i] = round(x[i] / scale), half to even, limited to int16; NaN becomes 0. */
  quantize_s16(x: Pointer, n: number, y: Pointer, scale: number): void;
  /** y[i] = x[i]·scale, x int16 */
  dequantize_s16(x: Pointer, n: number, y: Pointer, scale: number): void;
  /** The first with the scale of x's own range, a float32 at `scale`: that of the farthest from 0 is 32767. */
  dynamic_quantize_s16(x: Pointer, n: number, y: Pointer, scale: Pointer): void;
  /**
   * A uint8 × B int4 in blocks of K, each with a scale: C[m,n] = fround(fround(t · aScale) + bias[n]), where t is
   * the float32 sum, in the order of blocks, of (Σ (A[m,k] − aZero)·B[k,n] over the block) · scale[block,n].
   * @param b int4 in panels of half bytes (`layout.ts`)
   * @param block a multiple of 8 up to 4096
   * @param records scales and sums of the blocks (`packBlocks` of `layout.ts`)
   * @param bias float32[N], optional
   */
  matmul_u8s4_f32(
    a: Pointer,
    aStride: number,
    b: Pointer,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    block: number,
    aZero: number,
    records: Pointer,
    aScale: number,
    bias: Pointer,
  ): void;
  /** A column of 4-bit weights in blocks as float32, an embedding row: y[k] = B[k,column]·scale[block,column]. */
  gather_blocks_f32(b: Pointer, k: number, column: number, y: Pointer, block: number, records: Pointer): void;
  /**
   * A int16 × B int8 (int16): C[m,n] = fround(fround(Σk A[m,k]·B[k,n]) · fround(aScale · bScale[n])) + bias[n], the sum
   * exact, the addition rounded.
   * @param b panels of pairs (`layout.ts`)
   * @param run even; so many of K have sums that fit 32 bits, whatever A is (`exactRun` of `layout.ts`)
   * @param bias float32[N], optional
   * @param bScales float32[N]
   */
  matmul_s16s8_f32(
    a: Pointer,
    aStride: number,
    b: Pointer,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    run: number,
    bias: Pointer,
    aScale: number,
    bScales: Pointer,
  ): void;
  matmul_s16s16_f32: WeightFunctions["matmul_s16s8_f32"];
  /**
   * The same sums to int16 by TFLite's rule: ((sum + bias)·m + 2^(s−1)) >> s for each column, saturated. All of it must
   * fit 53 bits.
   * @param bias float64[N] whole numbers, optional
   * @param factors float64[N]: m / 2^s, m of 15 bits
   */
  matmul_s16s8_s16(
    a: Pointer,
    aStride: number,
    b: Pointer,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    run: number,
    bias: Pointer,
    factors: Pointer,
    low: number,
    high: number,
  ): void;
  matmul_s16s16_s16: WeightFunctions["matmul_s16s8_s16"];
}
