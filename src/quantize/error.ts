// How far two tensors are apart: signal to quantization noise, as it is summed up over many of them.

/** Sums over pairs of a number and what became of it. */
export interface ErrorSums {
  signal: number;
  noise: number;
  count: number;
  saturated: number;
}

export function noError(): ErrorSums {
  return { signal: 0, noise: 0, count: 0, saturated: 0 };
}

export function addError(
  sums: ErrorSums,
  before: ArrayLike<number>,
  after: ArrayLike<number>,
  saturates?: (x: number) => boolean,
): void {
  let [signal, noise, saturated] = [0, 0, 0];
  for (let i = 0; i < before.length; i++) {
    const x = before[i];
    const error = x - after[i];
    signal += x * x;
    noise += error * error;
    if (saturates?.(x)) saturated++;
  }
  sums.signal += signal;
  sums.noise += noise;
  sums.count += before.length;
  sums.saturated += saturated;
}

/** Signal to noise in dB: 10·log10(Σx² / Σ(x − x̂)²); infinite without noise, also where there is no signal either. */
export function decibels({ signal, noise }: Pick<ErrorSums, "signal" | "noise">): number {
  if (noise === 0) return Number.POSITIVE_INFINITY;
  return signal === 0 ? Number.NEGATIVE_INFINITY : 10 * Math.log10(signal / noise);
}

export function sqnr(before: ArrayLike<number>, after: ArrayLike<number>): number {
  const sums = noError();
  addError(sums, before, after);
  return decibels(sums);
}
