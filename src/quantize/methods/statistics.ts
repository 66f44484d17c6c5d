// What the weight methods know of a layer's inputs: means and second moments of the columns that its rows meet. Their
// size is the layer's, however many inputs there were.

/** Of the inputs of one group of rows: k columns. */
export class InputStatistics {
  readonly k: number;
  /** Σ x·xᵀ, [k, k], symmetric. */
  readonly moments: Float64Array;
  readonly sums: Float64Array;
  count = 0;

  constructor(k: number) {
    this.k = k;
    this.moments = new Float64Array(k * k);
    this.sums = new Float64Array(k);
  }

  /** Takes in one column of inputs, k numbers from `at` on, `step` apart. */
  add(x: ArrayLike<number>, at = 0, step = 1): void {
    const { k, moments, sums } = this;
    for (let i = 0; i < k; i++) {
      const value = x[at + i * step];
      if (value === 0) continue;
      sums[i] += value;
      for (let j = 0; j <= i; j++) moments[i * k + j] += value * x[at + j * step];
    }
    this.count++;
  }

  mean(): Float64Array {
    return this.sums.map((sum) => sum / Math.max(1, this.count));
  }

  /**
   * E[x·xᵀ], [k, k]: both halves filled in. Centred, E[x] is taken off x first: what errors of weights do to the mean of
   * a sum is then left to its bias.
   */
  hessian({ centred = false } = {}): Float64Array {
    const { k, moments, count } = this;
    const mean = centred ? this.mean() : new Float64Array(k);
    const full = new Float64Array(k * k);
    for (let i = 0; i < k; i++)
      for (let j = 0; j <= i; j++)
        full[i * k + j] = full[j * k + i] = moments[i * k + j] / Math.max(1, count) - mean[i] * mean[j];
    return full;
  }
}

/** What a change of a row's weights does to its output: E[(d·x)²] = d·H·dᵀ. */
export function outputError(difference: Float64Array, hessian: Float64Array): number {
  const k = difference.length;
  let sum = 0;
  for (let i = 0; i < k; i++) {
    if (difference[i] === 0) continue;
    let dot = 0;
    for (let j = 0; j < k; j++) dot += hessian[i * k + j] * difference[j];
    sum += difference[i] * dot;
  }
  return sum;
}
