// Cholesky's factor of a symmetric positive definite matrix, and the inverse by it: what GPTQ needs of linear algebra.

/** L with A = L·Lᵀ, lower triangular; undefined where A is not positive definite. */
export function cholesky(a: Float64Array, n: number): Float64Array | undefined {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const sum = a[i * n + j] - dot(l, i * n, j * n, j);
      if (i !== j) l[i * n + j] = sum / l[j * n + j];
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum);
      else return undefined;
    }
  return l;
}

/** In four sums, which processors add up side by side. */
function dot(l: Float64Array, a: number, b: number, count: number): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let m = 0;
  for (; m + 3 < count; m += 4) {
    s0 += l[a + m] * l[b + m];
    s1 += l[a + m + 1] * l[b + m + 1];
    s2 += l[a + m + 2] * l[b + m + 2];
    s3 += l[a + m + 3] * l[b + m + 3];
  }
  for (; m < count; m++) s0 += l[a + m] * l[b + m];
  return s0 + s1 + (s2 + s3);
}

/** A⁻¹ from its factor: L⁻¹ first, then (L⁻¹)ᵀ·L⁻¹. */
export function inverseOf(l: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  for (let column = 0; column < n; column++)
    for (let i = column; i < n; i++) {
      let sum = i === column ? 1 : 0;
      for (let m = column; m < i; m++) sum -= l[i * n + m] * inverse[m * n + column];
      inverse[i * n + column] = sum / l[i * n + i];
    }
  const product = new Float64Array(n * n);
  for (let m = 0; m < n; m++)
    for (let i = 0; i <= m; i++) {
      const value = inverse[m * n + i];
      for (let j = 0; j <= i; j++) product[i * n + j] += value * inverse[m * n + j];
    }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) product[j * n + i] = product[i * n + j];
  return product;
}
