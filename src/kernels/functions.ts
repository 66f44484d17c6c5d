// The contract between kernels and the run-time: what each kernel function takes. Kernels never see
// graphs; every argument is a pointer (byte offset in the engine's memory), a size, or a scalar.
//
// Conventions
// - `…Stride` is in bytes and separates rows; the other dimensions are dense.
// - Pointers are multiples of 16 unless said otherwise. A kernel may read, but never write, up to 64 bytes
//   past the end of any operand; what it reads there never reaches a result.
// - A pointer of 0 means "not given" where the comment says optional.

import type { ByteFunctions } from "./byte-functions.ts";
import type { WeightFunctions } from "./weight-functions.ts";
import type { WindowFunctions } from "./window-functions.ts";

/** Pointer: byte offset into the engine's memory. */
export type Pointer = number;

/** What a matrix product of 8-bit integers is made of: A is M×K uint8, B is K×N int8 in panels (`layout.ts`). */
export interface KernelFunctions extends WindowFunctions, ByteFunctions, WeightFunctions {
  // -- integer products -------------------------------------------------------------------------------
  /**
   * C[m,n] = Σk (A[m,k] − aZero)·(B[k,n] − bZero[n]), wrapping int32.
   * @param bSums int32[N], Σk B[k,n] (of the stored signed bytes)
   * @param bZeros int32[N], or 0 when all are zero
   * @param rowSums int32[M], Σk A[m,k]; read only when bZeros is given
   */
  matmul_u8s8_i32(
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
  ): void;
  /**
   * The same accumulator, then float: C[m,n] = fround(fround(acc · fround(aScale · bScale[n])) + bias[n]).
   * @param bias float32[N], optional
   */
  matmul_u8s8_f32(
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
    aScale: number,
    bScales: Pointer,
    bias: Pointer,
  ): void;
  /** sums[m] = Σk A[m,k], A uint8. */
  row_sums_u8(a: Pointer, aStride: number, m: number, k: number, sums: Pointer): void;
  /**
   * ONNX DynamicQuantizeLinear of `n` floats: y uint8[n], scale float32 at `scale`, zero point as uint8 at
   * `zero`. A constant-zero input has scale 1 and zero point 0. `most`: the largest integer, 255 or that of fewer bits.
   */
  dynamic_quantize_u8(x: Pointer, n: number, y: Pointer, scale: Pointer, zero: Pointer, most: number): void;
  /**
   * The same in three passes that threads can share (the third is `quantize_u8`): the smallest of 0 and of each
   * block of `EXTREMES_BLOCK` values, and the largest; then scale and zero point from all of those.
   */
  extremes_f32(x: Pointer, n: number, lows: Pointer, highs: Pointer): void;
  dynamic_grid_u8(
    lows: Pointer,
    highs: Pointer,
    blocks: number,
    scale: Pointer,
    zero: Pointer,
    most: number,
  ): void;
  /** y[i] = x[i] − (q[i] − zero)·scale: what quantization left over. x and y may be the same. */
  residual_u8(x: Pointer, n: number, q: Pointer, y: Pointer, scale: number, zero: number): void;
  /** y[i] = (x[i] − zero)·scale, x uint8 / int8 → float32. */
  dequantize_u8(x: Pointer, n: number, y: Pointer, scale: number, zero: number): void;
  dequantize_s8(x: Pointer, n: number, y: Pointer, scale: number, zero: number): void;
  /** Column `column` of a panelled B (K values) as float32: y[k] = (B[k,column] − zero)·scale. An embedding row. */
  gather_panel_f32(b: Pointer, k: number, column: number, y: Pointer, scale: number, zero: number): void;

  // -- float products ---------------------------------------------------------------------------------
  /** C = A·B (+ bias[N], optional), row-major with strides; every C[m,n] is summed in the order of k from 0, bias last. */
  matmul_f32(
    a: Pointer,
    aStride: number,
    b: Pointer,
    bStride: number,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    bias: Pointer,
  ): void;

  /** The same with B in panels of floats (`layout.ts`), which are read front to back. */
  linear_f32(
    a: Pointer,
    aStride: number,
    b: Pointer,
    c: Pointer,
    cStride: number,
    m: number,
    n: number,
    k: number,
    bias: Pointer,
  ): void;

  // -- rows -------------------------------------------------------------------------------------------
  /** Softmax of each of `rows` dense rows of `n`. */
  softmax_f32(x: Pointer, y: Pointer, rows: number, n: number): void;
  /** y = (x − mean) · 1/√(var + ε) · weight + bias over dense rows of `n`; weight and bias optional. */
  layer_norm_f32(
    x: Pointer,
    y: Pointer,
    rows: number,
    n: number,
    epsilon: number,
    weight: Pointer,
    bias: Pointer,
  ): void;
  /** Dense `rows`×`n`, normalised over all its values together (one group), then weight[n] and bias[n] per column. */
  group_norm_f32(
    x: Pointer,
    y: Pointer,
    rows: number,
    n: number,
    epsilon: number,
    weight: Pointer,
    bias: Pointer,
  ): void;
  /**
   * Attention of `heads` heads. Head h of row t is at base + t·stride + h·width·4.
   * scores = (q·k)·scale; keys after position `causal + i` are left out for query row i (causal < 0: none is).
   * @param scratch float32[4·(tk + 16)]
   */
  attention_f32(
    q: Pointer,
    qStride: number,
    k: Pointer,
    kStride: number,
    v: Pointer,
    vStride: number,
    y: Pointer,
    yStride: number,
    tq: number,
    tk: number,
    heads: number,
    qkWidth: number,
    vWidth: number,
    scale: number,
    causal: number,
    scratch: Pointer,
  ): void;
  /**
   * The same with integers of 16 bits in both products (`src/reference/integer-attention.ts`).
   * @param scratch of `attentionI16Scratch` bytes
   * @param largestKey of `tensor/attention-scales.ts`, for the width of the keys
   */
  attention_i16(
    q: Pointer,
    qStride: number,
    k: Pointer,
    kStride: number,
    v: Pointer,
    vStride: number,
    y: Pointer,
    yStride: number,
    tq: number,
    tk: number,
    heads: number,
    qkWidth: number,
    vWidth: number,
    scale: number,
    causal: number,
    scratch: Pointer,
    largestKey: number,
  ): void;
  /**
   * Rotary embedding of the first `rotary` values of each head (pairs interleaved: (x0,x1),(x2,x3)…, or
   * halves: (x0,x[r/2])…); the rest is copied. cos, sin: float32[t][rotary/2], dense.
   */
  rotary_f32(
    x: Pointer,
    y: Pointer,
    cos: Pointer,
    sin: Pointer,
    t: number,
    heads: number,
    width: number,
    rotary: number,
    interleaved: number,
  ): void;

  // -- recurrent layers -------------------------------------------------------------------------------
  /**
   * One step of an LSTM for n hidden values: c′ = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c′), from the sums of the four
   * gates. `c` and `next` may be the same. Pointers need only element alignment.
   * @param peephole float32[3·n], optional: input, output, forget
   */
  lstm_cell_f32(
    i: Pointer,
    o: Pointer,
    f: Pointer,
    g: Pointer,
    c: Pointer,
    h: Pointer,
    next: Pointer,
    n: number,
    peephole: Pointer,
  ): void;
  /** y = (1 − update)·tanh(sums) + update·h; y may be h. */
  gru_blend_f32(update: Pointer, sums: Pointer, h: Pointer, y: Pointer, n: number): void;

  // -- elementwise, n floats; x and y may be the same ---------------------------------------------------
  neg_f32(x: Pointer, y: Pointer, n: number): void;
  abs_f32(x: Pointer, y: Pointer, n: number): void;
  sqrt_f32(x: Pointer, y: Pointer, n: number): void;
  exp_f32(x: Pointer, y: Pointer, n: number): void;
  log_f32(x: Pointer, y: Pointer, n: number): void;
  sin_f32(x: Pointer, y: Pointer, n: number): void;
  cos_f32(x: Pointer, y: Pointer, n: number): void;
  erf_f32(x: Pointer, y: Pointer, n: number): void;
  tanh_f32(x: Pointer, y: Pointer, n: number): void;
  sigmoid_f32(x: Pointer, y: Pointer, n: number): void;
  relu_f32(x: Pointer, y: Pointer, n: number): void;
  /** x/2·(1 + erf(x/√2)) */
  gelu_f32(x: Pointer, y: Pointer, n: number): void;
  /** x·sigmoid(x) */
  silu_f32(x: Pointer, y: Pointer, n: number): void;
  /** low where x is less, high where it is greater, else x */
  clamp_f32(x: Pointer, y: Pointer, n: number, low: number, high: number): void;

  /** y[i] = a[i] ∘ b[i] */
  add_f32(a: Pointer, b: Pointer, y: Pointer, n: number): void;
  sub_f32(a: Pointer, b: Pointer, y: Pointer, n: number): void;
  mul_f32(a: Pointer, b: Pointer, y: Pointer, n: number): void;
  div_f32(a: Pointer, b: Pointer, y: Pointer, n: number): void;
  max_f32(a: Pointer, b: Pointer, y: Pointer, n: number): void;
  min_f32(a: Pointer, b: Pointer, y: Pointer, n: number): void;
  /** y[r][i] = a[r][i] ∘ b[i] for dense rows: the vector b is repeated for each row; n ≥ 1 (n = 1: a scalar). */
  add_row_f32(a: Pointer, b: Pointer, y: Pointer, rows: number, n: number): void;
  sub_row_f32(a: Pointer, b: Pointer, y: Pointer, rows: number, n: number): void;
  mul_row_f32(a: Pointer, b: Pointer, y: Pointer, rows: number, n: number): void;
  div_row_f32(a: Pointer, b: Pointer, y: Pointer, rows: number, n: number): void;

  // -- moving data --------------------------------------------------------------------------------------
  /**
   * y[i][j][k][l] (dense) = x at i·s0 + j·s1 + k·s2 + l·s3 (strides in elements, may be 0 or negative).
   * Serves transpose, slice, expand; lower ranks put ones in front. The pointers need only element alignment.
   */
  copy_strided_32(
    x: Pointer,
    y: Pointer,
    d0: number,
    d1: number,
    d2: number,
    d3: number,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
  ): void;
  copy_strided_8(
    x: Pointer,
    y: Pointer,
    d0: number,
    d1: number,
    d2: number,
    d3: number,
    s0: number,
    s1: number,
    s2: number,
    s3: number,
  ): void;
}

export type KernelName = keyof KernelFunctions;
