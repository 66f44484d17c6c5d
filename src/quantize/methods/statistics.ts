// What the weight methods know of a layer's inputs: means and second moments of the columns that its rows meet. Their
// size is the layer's, however many inputs there were.

/** Columns that are added to the moments together. */
const AT_ONCE = 4;

/** What is wanted of the inputs. */
export interface StatisticsOptions {
  /** Second moments too, whose memory and time grow with k². */
  moments?: boolean;
  /**
   * Columns count by their direction, whatever their length. Where gates squash the sums, what a very large input does
   * wrong is squashed too, and a few of them (digital silence in features) must not outweigh all others.
   */
  directions?: boolean;
}

/** Of the inputs of one group of rows: k columns. */
export class InputStatistics {
  readonly k: number;
  /** Σ x·xᵀ, [k, k], the lower half of it. */
  private readonly moments: Float64Array | undefined;
  private readonly sums: Float64Array;
  /** Of the columns' weights: 1 each, or one over the squared length. */
  count = 0;
  private readonly directions: boolean;
  /** Columns that are not in the moments yet: several at once are added in one walk over the matrix. */
  private readonly waiting: Float64Array;
  private waitingCount = 0;

  constructor(k: number, { moments = true, directions = false }: StatisticsOptions = {}) {
    this.k = k;
    this.moments = moments ? new Float64Array(k * k) : undefined;
    this.sums = new Float64Array(k);
    this.directions = directions;
    this.waiting = new Float64Array(moments ? AT_ONCE * k : 0);
  }

  /** Takes in one column of inputs, k numbers from `at` on, `step` apart. */
  add(x: ArrayLike<number>, at = 0, step = 1): void {
    const { k, moments, sums, waiting } = this;
    const weight = this.directions ? 1 / squaredLength(x, k, at, step) : 1;
    if (weight === Number.POSITIVE_INFINITY) return;
    for (let i = 0; i < k; i++) sums[i] += weight * x[at + i * step];
    this.count += weight;
    if (!moments) return;
    const [root, from] = [Math.sqrt(weight), this.waitingCount * k];
    for (let i = 0; i < k; i++) waiting[from + i] = root * x[at + i * step];
    if (++this.waitingCount === AT_ONCE) this.settle();
  }

  /** Adds the columns that wait. */
  private settle(): void {
    const { k, moments, waiting: w } = this;
    if (!moments || this.waitingCount === 0) return;
    w.fill(0, this.waitingCount * k);
    for (let i = 0; i < k; i++) {
      const [a, b, c, d] = [w[i], w[k + i], w[2 * k + i], w[3 * k + i]];
      if (a === 0 && b === 0 && c === 0 && d === 0) continue;
      for (let j = 0, to = i * k; j <= i; j++, to++)
        moments[to] += a * w[j] + b * w[k + j] + (c * w[2 * k + j] + d * w[3 * k + j]);
    }
    this.waitingCount = 0;
  }

  get hasMoments(): boolean {
    return this.moments !== undefined;
  }

  mean(): Float64Array {
    return this.sums.map((sum) => sum / (this.count || 1));
  }

  /**
   * E[x·xᵀ], [k, k]: both halves filled in. Centred, E[x] is taken off x first: what errors of weights do to the mean of
   * a sum is then left to its bias.
   */
  hessian({ centred = false } = {}): Float64Array {
    this.settle();
    const { k, moments, count } = this;
    const mean = centred ? this.mean() : new Float64Array(k);
    const full = new Float64Array(k * k);
    if (!moments) return full;
    for (let i = 0; i < k; i++)
      for (let j = 0; j <= i; j++)
        full[i * k + j] = full[j * k + i] = moments[i * k + j] / (count || 1) - mean[i] * mean[j];
    return full;
  }
}

function squaredLength(x: ArrayLike<number>, k: number, at: number, step: number): number {
  let sum = 0;
  for (let i = 0; i < k; i++) sum += x[at + i * step] ** 2;
  return sum;
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
