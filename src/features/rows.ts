// A matrix whose rows have a run of weights each and are 0 elsewhere: mel filters over the bins of a spectrum, and,
// with runs as long as the row, the DCT.

const f32 = Math.fround;

export interface WeightRow {
  /** Index of the first value that counts. */
  start: number;
  weights: Float32Array;
}

/** y[r] = Σ weights[i]·x[start + i], rounded to float32 after each product and sum, in the order of i from 0. */
export function applyRows(rows: readonly WeightRow[], x: Float32Array, y: Float32Array): void {
  rows.forEach(({ start, weights }, r) => {
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum = f32(sum + f32(weights[i] * x[start + i]));
    y[r] = sum;
  });
}
