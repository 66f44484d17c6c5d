// The definition of products with 16-bit activations and weights of 8 or 16 bits. A is M×K, B is K×N, row-major and
// dense; sums are exact integers (they stay below 2^53 for any K that fits a memory), and are rounded at the end only.

type Shape = readonly [m: number, n: number, k: number];
type Weights = Int8Array | Int16Array;

/** Σk A[m,k]·B[k,n] */
export function matmulS16(a: Int16Array, b: Weights, [m, n, k]: Shape): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) for (let l = 0; l < k; l++) c[i * n + j] += a[i * k + l] * b[l * n + j];
  return c;
}

/** y = fround(fround(sum)·fround(aScale·bScale[n])) + bias[n], every operation rounded once. */
export function matmulS16F32(
  a: Int16Array,
  b: Weights,
  shape: Shape,
  { aScale, bScales, bias }: { aScale: number; bScales: Float32Array; bias?: Float32Array | undefined },
): Float32Array {
  const n = shape[1];
  return Float32Array.from(matmulS16(a, b, shape), (sum, i) => {
    const scale = Math.fround(Math.fround(aScale) * bScales[i % n]);
    const y = Math.fround(Math.fround(sum) * scale);
    return bias ? y + bias[i % n] : y;
  });
}

/** A real number as multiplier·2^(shift − 31) for each column, and what is added to its sums. */
export interface Requantize16 {
  /** 0 … 2^31 − 1 */
  multipliers: ArrayLike<number>;
  /** −31 … 7 */
  shifts: ArrayLike<number>;
  bias?: ArrayLike<number> | undefined;
  /** What a fused activation leaves of the results. */
  low?: number | undefined;
  high?: number | undefined;
}

/** TFLite keeps 15 bits of a multiplier for 16-bit activations. */
export function multiplier15(multiplier: number): number {
  return multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
}

/** TFLite's rule for 16-bit activations: ((sum + bias)·m + 2^(14 − shift)) >> (15 − shift), within low … high. */
export function matmulS16S16(
  a: Int16Array,
  b: Weights,
  shape: Shape,
  { multipliers, shifts, bias, low = -32768, high = 32767 }: Requantize16,
): Int16Array {
  const n = shape[1];
  return Int16Array.from(matmulS16(a, b, shape), (sum, i) => {
    const column = i % n;
    const right = BigInt(15 - shifts[column]);
    const scaled = BigInt(sum + (bias?.[column] ?? 0)) * BigInt(multiplier15(multipliers[column]));
    return Math.max(low, Math.min(high, Number((scaled + (1n << (right - 1n))) >> right)));
  });
}
