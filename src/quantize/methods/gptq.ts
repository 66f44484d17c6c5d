// GPTQ (Frantar and others, 2022): weights are rounded column by column, and what rounding one column does wrong, the
// columns not yet rounded make good, as far as the inputs go together. Columns that matter most come first.

import { numberOf, quantizeTo } from "../grid.ts";
import { cholesky, inverseOf } from "./cholesky.ts";
import { betterRows, type Problem, type Rounding, roundNearest } from "./rounding.ts";

/** Added to the diagonal, as a share of its mean; doubled until the matrix is positive definite. */
const DAMPING = 0.01;

export const gptq: Rounding = (problem) => {
  const { values, rows, k, grid, hessian } = problem;
  const order = Array.from({ length: k }, (_, i) => i).sort(
    (a, b) => hessian[b * k + b] - hessian[a * k + a] || a - b,
  );
  const upper = factorOfInverse(hessian, order, k);
  if (!upper) return roundNearest(problem);
  const q = new Int32Array(rows * k);
  const left = new Float64Array(k);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < k; i++) left[i] = values[row * k + order[i]];
    for (let i = 0; i < k; i++) {
      const own = grid(row, order[i]);
      const integer = quantizeTo(own, left[i]);
      q[row * k + order[i]] = integer;
      const error = (left[i] - numberOf(own, integer)) / upper[i * k + i];
      for (let j = i + 1; j < k; j++) left[j] -= error * upper[i * k + j];
    }
  }
  return betterRows(problem, roundNearest(problem), q);
};

/** U with H⁻¹ = Uᵀ·U, of the columns in their order; undefined for a matrix of nothing. */
function factorOfInverse(
  hessian: Problem["hessian"],
  order: readonly number[],
  k: number,
): Float64Array | undefined {
  let mean = 0;
  for (let i = 0; i < k; i++) mean += hessian[i * k + i] / k;
  if (!(mean > 0)) return undefined;
  for (let damping = DAMPING * mean; Number.isFinite(damping); damping *= 2) {
    const ordered = new Float64Array(k * k);
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++)
        ordered[i * k + j] = hessian[order[i] * k + order[j]] + (i === j ? damping : 0);
    const factor = cholesky(ordered, k);
    const lower = factor && cholesky(inverseOf(factor, k), k);
    if (lower) return transposed(lower, k);
  }
  return undefined;
}

function transposed(a: Float64Array, n: number): Float64Array {
  const b = new Float64Array(n * n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) b[j * n + i] = a[i * n + j];
  return b;
}
