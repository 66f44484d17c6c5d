// The definition of products with weights in blocks of K: a scale for every block of every column. A is M×K,
// B is K×N, both row-major and dense; sums within a block are exact integers, the blocks are added as float32.

/** What is known of the operands beside their integers. */
export interface BlockScales {
  aZero: number;
  aScale: number;
  /** Values of K in a block; the last one may be shorter. */
  block: number;
  /** [blocks, N] */
  scales: Float32Array;
  bias?: Float32Array | undefined;
}

/**
 * y = (((0 + s₀·scale[0, n]) + s₁·scale[1, n]) + …)·aScale + bias[n] with s = Σ (A[m, k] − aZero)·B[k, n] over a
 * block, as a float32. Every operation rounds once. (The scale of A stands outside: a factor fewer in every block.)
 */
export function matmulU8S4F32(
  a: Uint8Array,
  b: Int8Array,
  [m, n, k]: readonly [m: number, n: number, k: number],
  { aZero, aScale, block, scales, bias }: BlockScales,
): Float32Array {
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let total = 0;
      for (let start = 0, at = 0; start < k; start += block, at++) {
        let sum = 0;
        for (let l = start; l < Math.min(start + block, k); l++)
          sum = (sum + Math.imul(a[i * k + l] - aZero, b[l * n + j])) | 0;
        total = Math.fround(total + Math.fround(Math.fround(sum) * scales[at * n + j]));
      }
      const y = Math.fround(total * Math.fround(aScale));
      c[i * n + j] = bias ? y + bias[j] : y;
    }
  }
  return c;
}
