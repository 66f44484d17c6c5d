// GPTQ for weights in blocks: row by row of K, the error of rounding goes to the rows that follow, as far as the inputs
// of the product go together. The scales of a block are fitted when its turn comes, to what has become of its weights.

import { type BlockProblem, type BlockRounding, fitBlocks, nearest } from "../blocks.ts";
import { cholesky, inverseOf } from "./cholesky.ts";

/** Added to the diagonal, as a share of its mean; doubled until the matrix is positive definite. */
const DAMPING = 0.01;

/** The nearest integers where nothing is known of the inputs. */
export const gptqBlocks: BlockRounding = (problem) => {
  const { values, k, n, block, moments } = problem;
  const factor = moments && factorOfInverse(moments, k);
  if (!factor) return fitBlocks(problem);
  const left = Float32Array.from(values);
  const q = new Int8Array(k * n);
  const scales = new Float32Array(Math.ceil(k / block) * n);
  const error = new Float64Array(n);
  // What an error costs that only the rows behind it can make good.
  const importance = Float64Array.from({ length: k }, (_, row) => factor[row * k + row] ** -2);
  for (let row = 0; row < k; row++) {
    const of = Math.floor(row / block) * n;
    if (row % block === 0) scales.set(scalesFrom({ ...problem, importance }, left, row), of);
    const own = factor[row * k + row];
    for (let i = 0, at = row * n; i < n; i++, at++) {
      q[at] = nearest(left[at], scales[of + i]);
      error[i] = (left[at] - q[at] * scales[of + i]) / own;
    }
    for (let other = row + 1; other < k; other++) {
      const share = factor[other * k + row];
      if (share === 0) continue;
      for (let i = 0, at = other * n; i < n; i++, at++) left[at] -= error[i] * share;
    }
  }
  return { q, scales };
};

/** Scales of the block that begins at a row. */
function scalesFrom(problem: BlockProblem, values: Float32Array, row: number): Float32Array {
  const { k, n, block } = problem;
  const rows = Math.min(block, k - row);
  const importance = problem.importance?.subarray(row, row + rows);
  return fitBlocks({ ...problem, values: values.subarray(row * n, (row + rows) * n), k: rows, importance })
    .scales;
}

/** L with H⁻¹ = L·Lᵀ; undefined for inputs that were always 0. */
function factorOfInverse(moments: Float64Array, k: number): Float64Array | undefined {
  let mean = 0;
  for (let i = 0; i < k; i++) mean += moments[i * k + i] / k;
  if (!(mean > 0)) return undefined;
  for (let damping = DAMPING * mean; Number.isFinite(damping); damping *= 2) {
    const damped = moments.slice();
    for (let i = 0; i < k; i++) damped[i * k + i] += damping;
    const factor = cholesky(damped, k);
    const lower = factor && cholesky(inverseOf(factor, k), k);
    if (lower) return lower;
  }
  return undefined;
}
