// Weights on 4 bits in blocks along K: a run of weights of one column shares a scale. The function is pure, weights
// in, integers and scales out; any other of its type (GPTQ) can take its place.

/** A K×N matrix, row-major, and how many of K share a scale; the last block may be shorter. */
export interface BlockProblem {
  values: Float32Array;
  k: number;
  n: number;
  block: number;
  /** E[x·xᵀ] of what the matrix is multiplied with, [K, K], where that is known. */
  moments?: Float64Array | undefined;
  /** How much the error of a row of the matrix counts, [K]; 1 where it is left out. */
  importance?: Float64Array | undefined;
  /** The nearest scale that can be stored. */
  storedScale: (scale: number) => number;
}

export interface BlockWeights {
  /** −8…7, K×N. */
  q: Int8Array;
  /** [⌈K / block⌉, N]; negative ones too. */
  scales: Float32Array;
}

export type BlockRounding = (problem: BlockProblem) => BlockWeights;

const [LOW, HIGH] = [-8, 7];
/** What the weight farthest from 0 may become: −8 or beyond (it then saturates, and the others lie closer). */
const reaches = [6.6, 7, 7.4, 7.7, 8, 8.3, 8.6, 9, 9.5];

/**
 * The nearest integers, with the scale of each block where the sum of squared errors is least. A grid of −8…7 has one
 * more step on its negative side, so both signs of the scale are tried.
 */
export const fitBlocks: BlockRounding = ({ values, k, n, block, importance, storedScale }) => {
  const q = new Int8Array(k * n);
  const scales = new Float32Array(Math.ceil(k / block) * n);
  const weights = new Float64Array(block);
  const counts = importance ?? new Float64Array(k).fill(1);
  for (let at = 0, start = 0; start < k; at++, start += block) {
    const run = weights.subarray(0, Math.min(block, k - start));
    const own = counts.subarray(start, start + block);
    for (let column = 0; column < n; column++) {
      for (let i = 0; i < run.length; i++) run[i] = values[(start + i) * n + column];
      const scale = bestScale(run, own, storedScale);
      scales[at * n + column] = scale;
      for (let i = 0; i < run.length; i++) q[(start + i) * n + column] = nearest(run[i], scale);
    }
  }
  return { q, scales };
};

/** −8…7; everything is 0 where the scale is. */
export function nearest(weight: number, scale: number): number {
  return scale === 0 ? 0 : Math.max(LOW, Math.min(HIGH, Math.round(weight / scale)));
}

function bestScale(
  weights: Float64Array,
  counts: Float64Array,
  storedScale: BlockProblem["storedScale"],
): number {
  let extreme = 0;
  for (const weight of weights) if (Math.abs(weight) > Math.abs(extreme)) extreme = weight;
  let [best, least] = [0, squaredError(weights, counts, 0)];
  const consider = (scale: number): void => {
    const stored = storedScale(scale);
    const error = squaredError(weights, counts, stored);
    if (error < least) [best, least] = [stored, error];
  };
  if (extreme === 0) return 0;
  for (const reach of reaches) for (const sign of [-1, 1]) consider((sign * extreme) / reach);
  // For the integers found, the scale that fits them best; once more, as it may move some of them.
  for (let i = 0; i < 2; i++) consider(fittedScale(weights, counts, best));
  return best;
}

/** Σ c·(w − ŵ)² */
function squaredError(weights: Float64Array, counts: Float64Array, scale: number): number {
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    const error = weights[i] - nearest(weights[i], scale) * scale;
    sum += counts[i] * error * error;
  }
  return sum;
}

/** The scale of least squares for the integers that a scale gives: Σ c·w·q / Σ c·q². */
function fittedScale(weights: Float64Array, counts: Float64Array, scale: number): number {
  let [along, length] = [0, 0];
  for (let i = 0; i < weights.length; i++) {
    const integer = nearest(weights[i], scale);
    along += counts[i] * weights[i] * integer;
    length += counts[i] * integer * integer;
  }
  return length === 0 ? 0 : along / length;
}
