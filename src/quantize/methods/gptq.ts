// GPTQ (Frantar and others, 2022): weights are rounded column by column, and what rounding one column does wrong, the
// columns not yet rounded make good, as far as the inputs go together. Columns that matter most come first.

import { numberOf, quantizeTo } from "../grid.ts";
import { cholesky } from "./cholesky.ts";
import { betterRows, type Problem, type Rounding, roundNearest } from "./rounding.ts";

/** Added to the diagonal, as a share of its mean; doubled until the matrix is positive definite. */
const DAMPING = 0.01;

export const gptq: Rounding = (problem) => {
  const { values, rows, k, grid, hessian } = problem;
  const order = Array.from({ length: k }, (_, i) => i).sort(
    (a, b) => hessian[b * k + b] - hessian[a * k + a] || a - b,
  );
  const shares = feedback(hessian, order, k);
  if (!shares) return roundNearest(problem);
  const q = new Int32Array(rows * k);
  const error = new Float64Array(k);
  for (let row = 0; row < rows; row++)
    for (let i = 0; i < k; i++) {
      const at = row * k + order[i];
      let wanted = values[at];
      for (let j = 0; j < i; j++) wanted -= error[j] * shares[i * k + j];
      const own = grid(row, order[i]);
      q[at] = quantizeTo(own, wanted);
      error[i] = numberOf(own, q[at]) - values[at];
    }
  return betterRows(problem, roundNearest(problem), q);
};

/**
 * How much of the error of each earlier column a column makes good: row i holds column i of the unit upper triangular U
 * with H = U·D·Uᵀ, the columns in their order. An error e costs e·H·eᵀ = Σ D_i·(e·U)_i², each term least when column i
 * is rounded nearest to w_i − Σ e_j·U_ji. (This is GPTQ's update without an inverse.) Undefined for a matrix of nothing.
 */
function feedback(
  hessian: Problem["hessian"],
  order: readonly number[],
  k: number,
): Float64Array | undefined {
  let mean = 0;
  for (let i = 0; i < k; i++) mean += hessian[i * k + i] / k;
  if (!(mean > 0)) return undefined;
  const last = k - 1;
  for (let damping = DAMPING * mean; Number.isFinite(damping); damping *= 2) {
    // From the last column to the first, the factor is lower triangular.
    const turned = new Float64Array(k * k);
    for (let i = 0; i < k; i++)
      for (let j = 0; j < k; j++)
        turned[(last - i) * k + last - j] = hessian[order[i] * k + order[j]] + (i === j ? damping : 0);
    const lower = cholesky(turned, k);
    if (!lower) continue;
    const shares = new Float64Array(k * k);
    for (let i = 0; i < k; i++)
      for (let j = 0; j < i; j++)
        shares[i * k + j] = lower[(last - j) * k + last - i] / lower[(last - i) * k + last - i];
    return shares;
  }
  return undefined;
}
