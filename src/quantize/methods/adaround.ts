// AdaRound (Nagel and others, 2020): whether a weight goes up or down is learnt, so that the layer's output changes
// least. Each weight is ⌊w/s⌋ + h(v), h a sigmoid stretched beyond 0 and 1 and cut off there; gradient descent moves v,
// and a regulariser that grows steeper pushes every h to one of the ends.

import { sigmoid } from "../../reference/functions.ts";
import { betterRows, type Problem, type Rounding, roundNearest } from "./rounding.ts";

/** h(v) = clamp(σ(v)·(ζ − γ) + γ, 0, 1) */
const [ZETA, GAMMA] = [1.1, -0.1];
/** Weight of Σ 1 − |2h − 1|^β beside the output's error in steps, β falling from the first to the second. */
const LAMBDA = 0.05;
const BETA = [20, 2] as const;
/** The share of the steps before the regulariser sets in. */
const WARM_UP = 0.2;
/** Adam's. */
const RATE = 0.05;
const [KEEP_FIRST, KEEP_SECOND, TINY] = [0.9, 0.999, 1e-8];
/** Steps, as many as this much work (multiplications) allows for a row. */
const [FEWEST_STEPS, MOST_STEPS, WORK] = [150, 600, 4e6];

export const adaRound: Rounding = (problem) => {
  const { rows, k, hessian } = problem;
  let mean = 0;
  for (let i = 0; i < k; i++) mean += hessian[i * k + i] / k;
  const plain = roundNearest(problem);
  if (!(mean > 0)) return plain;
  const q = new Int32Array(rows * k);
  for (let row = 0; row < rows; row++) q.set(learnRow(problem, row, mean), row * k);
  return betterRows(problem, plain, q);
};

/** One row: rows do not know of each other. Errors are counted in steps and in the mean power of an input. */
function learnRow({ values, k, grid, hessian }: Problem, row: number, mean: number): Int32Array {
  const grids = Array.from({ length: k }, (_, column) => grid(row, column));
  const unit = Math.max(...grids.map(({ scale }) => scale));
  const steps = Math.round(Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, WORK / (k * k))));
  const floors = new Float64Array(k);
  const v = new Float64Array(k);
  for (let i = 0; i < k; i++) {
    const { scale, zero, low, high } = grids[i];
    const place = Math.min(high, Math.max(low, values[row * k + i] / scale + zero));
    floors[i] = Math.min(high - 1, Math.floor(place));
    v[i] = inverse(place - floors[i]);
  }
  const adam = new Adam(k);
  const [h, slope, error, gradient] = [0, 1, 2, 3].map(() => new Float64Array(k));
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < k; i++) {
      const { scale, zero } = grids[i];
      const s = sigmoid(Math.fround(v[i]));
      const stretched = s * (ZETA - GAMMA) + GAMMA;
      h[i] = Math.min(1, Math.max(0, stretched));
      slope[i] = stretched > 0 && stretched < 1 ? s * (1 - s) * (ZETA - GAMMA) : 0;
      error[i] = (scale * (floors[i] + h[i] - zero) - values[row * k + i]) / unit;
    }
    timesMatrix(error, hessian, gradient);
    const done = (step / steps - WARM_UP) / (1 - WARM_UP);
    const beta = BETA[1] + (BETA[0] - BETA[1]) * (1 - Math.max(0, done));
    for (let i = 0; i < k; i++) {
      const output = (2 * gradient[i] * grids[i].scale) / unit / mean;
      const side = 2 * h[i] - 1;
      const push =
        done > 0 ? -LAMBDA * 2 * beta * Math.sign(side) * integerLikePower(Math.abs(side), beta - 1) : 0;
      gradient[i] = (output + push) * slope[i];
    }
    adam.step(v, gradient);
  }
  return Int32Array.from(floors, (floor, i) => floor + (sigmoid(Math.fround(v[i])) >= 0.5 ? 1 : 0));
}

/** v with h(v) = share. */
function inverse(share: number): number {
  const s = Math.min(0.999, Math.max(0.001, (share - GAMMA) / (ZETA - GAMMA)));
  return Math.log(s / (1 - s));
}

/** x^p for 0 ≤ x ≤ 1: the same on every engine for whole p, and between them linear in p. */
function integerLikePower(x: number, p: number): number {
  const below = Math.floor(p);
  let power = 1;
  for (let i = 0; i < below; i++) power *= x;
  return power * (1 + (p - below) * (x - 1));
}

/** y = H·x */
function timesMatrix(x: Float64Array, matrix: Float64Array, y: Float64Array): void {
  const k = x.length;
  for (let i = 0; i < k; i++) {
    let sum = 0;
    for (let j = 0, at = i * k; j < k; j++) sum += matrix[at + j] * x[j];
    y[i] = sum;
  }
}

/** Kingma and Ba's gradient descent: steps of about `RATE`, whatever the gradient's size. */
class Adam {
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private keptFirst = 1;
  private keptSecond = 1;

  constructor(size: number) {
    this.first = new Float64Array(size);
    this.second = new Float64Array(size);
  }

  step(values: Float64Array, gradient: Float64Array): void {
    const { first, second } = this;
    this.keptFirst *= KEEP_FIRST;
    this.keptSecond *= KEEP_SECOND;
    for (let i = 0; i < values.length; i++) {
      first[i] = KEEP_FIRST * first[i] + (1 - KEEP_FIRST) * gradient[i];
      second[i] = KEEP_SECOND * second[i] + (1 - KEEP_SECOND) * gradient[i] * gradient[i];
      const size = Math.sqrt(second[i] / (1 - this.keptSecond)) + TINY;
      values[i] -= (RATE * first[i]) / (1 - this.keptFirst) / size;
    }
  }
}
