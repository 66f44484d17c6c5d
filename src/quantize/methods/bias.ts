// Bias correction: rounded weights move a layer's mean output, and its bias moves it back.

/** What to add to each row's bias: −Σ (ŵ − w)·E[x]. */
export function biasCorrection(
  before: Float32Array,
  after: Float32Array,
  mean: ArrayLike<number>,
): Float32Array {
  const k = mean.length;
  return Float32Array.from({ length: before.length / k }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (after[row * k + i] - before[row * k + i]) * mean[i];
    return -sum;
  });
}
