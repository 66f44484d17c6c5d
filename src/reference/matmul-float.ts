// The float32 matrix product.

const f32 = Math.fround;

/** C [m, n] = A [m, k] · B [k, n] (+ bias [n]); each value summed in the order of k from 0, bias last. */
export function matmulFloat(
  a: Float32Array,
  b: Float32Array,
  m: number,
  n: number,
  k: number,
  bias?: Float32Array,
): Float32Array {
  const c = new Float32Array(m * n);
  for (let row = 0; row < m; row++)
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let i = 0; i < k; i++) sum = f32(sum + f32(a[row * k + i] * b[i * n + column]));
      c[row * n + column] = bias ? f32(sum + bias[column]) : sum;
    }
  return c;
}
