// The definition of matrix products. A is M×K, B is K×N, C is M×N, all row-major and dense; an int32 sum
// wraps, a float32 operation is rounded once, and every sum runs in the order of k.

/** Zero points: of A, and of every column of B (none: all zero). */
export interface ZeroPoints {
  aZero?: number;
  bZeros?: Int32Array | undefined;
}

/** C[m,n] = Σk (A[m,k] − aZero)·(B[k,n] − bZero[n]). */
export function matmulU8S8I32(
  a: Uint8Array,
  b: Int8Array,
  [m, n, k]: readonly [m: number, n: number, k: number],
  { aZero = 0, bZeros }: ZeroPoints = {},
): Int32Array {
  const c = new Int32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) {
        sum = (sum + Math.imul(a[i * k + l] - aZero, b[l * n + j] - (bZeros?.[j] ?? 0))) | 0;
      }
      c[i * n + j] = sum;
    }
  }
  return c;
}

/** Scales that turn the integer product into real numbers: of A, and of every column of B. */
export interface Scales {
  aScale: number;
  bScales: Float32Array;
  bias?: Float32Array | undefined;
}

/** y = sum·(aScale·bScale[n]) + bias[n]: the sum becomes a float32, then each operation rounds once. */
export function matmulU8S8F32(
  a: Uint8Array,
  b: Int8Array,
  shape: readonly [m: number, n: number, k: number],
  zeros: ZeroPoints,
  { aScale, bScales, bias }: Scales,
): Float32Array {
  const n = shape[1];
  return Float32Array.from(matmulU8S8I32(a, b, shape, zeros), (sum, i) => {
    const scale = Math.fround(Math.fround(aScale) * bScales[i % n]);
    const y = Math.fround(Math.fround(sum) * scale);
    return bias ? Math.fround(y + bias[i % n]) : y;
  });
}

/** C[m,n] = ((0 + A[m,0]·B[0,n]) + A[m,1]·B[1,n]) + …, then + bias[n]. */
export function matmulF32(
  a: Float32Array,
  b: Float32Array,
  [m, n, k]: readonly [m: number, n: number, k: number],
  bias?: Float32Array,
): Float32Array {
  const c = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum = Math.fround(sum + Math.fround(a[i * k + l] * b[l * n + j]));
      c[i * n + j] = bias ? sum + bias[j] : sum;
    }
  }
  return c;
}

/** Σk A[m,k] of every row. */
export function rowSumsU8(a: Uint8Array, m: number, k: number): Int32Array {
  return Int32Array.from({ length: m }, (_, i) =>
    a.subarray(i * k, (i + 1) * k).reduce((sum, x) => sum + x, 0),
  );
}
