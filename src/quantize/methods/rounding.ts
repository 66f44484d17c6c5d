// The contract of the methods that round a layer's weights by what its inputs make of the errors. They see rows of k
// weights whose grids are fixed, and E[x·xᵀ] of the inputs; what they lower is Σ over rows of E[((ŵ − w)·x)²].

import { type Grid, numberOf, quantizeTo } from "../grid.ts";
import { outputError } from "./statistics.ts";

export interface Problem {
  /** [rows, k]. */
  values: Float32Array;
  rows: number;
  k: number;
  /** The grid of a weight. */
  grid(row: number, column: number): Grid;
  /** E[x·xᵀ], [k, k]. */
  hessian: Float64Array;
}

/** Integers for the weights, [rows, k]. */
export type Rounding = (problem: Problem) => Int32Array;

export const roundNearest: Rounding = ({ values, k, grid }) =>
  Int32Array.from(values, (value, i) => quantizeTo(grid(Math.floor(i / k), i % k), value));

/** E[((ŵ − w)·x)²] of a row. */
export function rowError({ values, k, grid, hessian }: Problem, q: Int32Array, row: number): number {
  const difference = Float64Array.from(
    { length: k },
    (_, column) => numberOf(grid(row, column), q[row * k + column]) - values[row * k + column],
  );
  return outputError(difference, hessian);
}

/** Of every row the better rounding: no method may do worse than rounding to the nearest. */
export function betterRows(problem: Problem, a: Int32Array, b: Int32Array): Int32Array {
  const best = a.slice();
  for (let row = 0; row < problem.rows; row++)
    if (rowError(problem, b, row) < rowError(problem, a, row))
      best.set(b.subarray(row * problem.k, (row + 1) * problem.k), row * problem.k);
  return best;
}
