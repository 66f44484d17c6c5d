// How much rounding a matrix disturbs what its product gives: the measure by which layers are kept from it.

/** Columns looked at: a sample tells as much as all of them. */
const COLUMNS = 64;

/**
 * Noise over signal of the results x·W: Σ (ŵ−w)ᵀH(ŵ−w) / Σ wᵀHw over columns, both matrices [K, N].
 * @param moments H = E[x·xᵀ]; without it every input counts the same, and none goes with another
 */
export function outputNoise(
  before: Float32Array,
  after: (index: number) => number,
  [k, n]: readonly [k: number, n: number],
  moments?: Float64Array,
): number {
  let [noise, signal] = [0, 0];
  const [weights, errors] = [new Float64Array(k), new Float64Array(k)];
  for (let column = 0; column < n; column += Math.ceil(n / COLUMNS)) {
    for (let i = 0, at = column; i < k; i++, at += n) {
      weights[i] = before[at];
      errors[i] = after(at) - before[at];
    }
    noise += energy(errors, moments);
    signal += energy(weights, moments);
  }
  return signal === 0 ? 0 : noise / signal;
}

/** vᵀHv */
function energy(v: Float64Array, moments: Float64Array | undefined): number {
  let sum = 0;
  for (let i = 0; i < v.length; i++) {
    let along = moments ? 0 : v[i];
    if (moments) for (let j = 0; j < v.length; j++) along += moments[i * v.length + j] * v[j];
    sum += v[i] * along;
  }
  return sum;
}
