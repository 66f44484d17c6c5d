// The entropy observer's loss: how much is lost of the distribution of a value when it is squeezed on a grid, as the
// Kullback-Leibler divergence between what was seen (what saturates counted at the ends) and what the grid can tell
// apart (each step's count spread evenly over the bins it stands for).

import { gridFor, type IntegerFormat, quantizeTo, type Range } from "../grid.ts";
import type { Observation } from "./observation.ts";

/** Stands for a share of 0, whose logarithm there is not. */
const NOTHING = 1e-9;

/** Σ p·log(p / q); numbers that are exactly 0 are on every grid and do not count. */
export function entropyLoss({ histogram }: Observation, range: Range, format: IntegerFormat): number {
  const grid = gridFor(range, format);
  const inside = [...histogram.bins()].map((bin) => ({ ...bin, step: quantizeTo(grid, bin.middle) }));
  const [lowest, highest] = [grid.low, grid.high];
  const within = inside.filter(({ middle }) => middle >= range.min && middle <= range.max);
  if (within.length === 0) return Number.POSITIVE_INFINITY;
  const beyond = { below: 0, above: 0 };
  for (const { middle, count } of inside) {
    if (middle < range.min) beyond.below += count;
    if (middle > range.max) beyond.above += count;
  }
  const seen = within.map(({ count }) => count);
  seen[0] += beyond.below;
  seen[seen.length - 1] += beyond.above;
  const steps = new Map<number, { count: number; bins: number }>();
  for (const { step, count } of within) {
    const at = Math.min(highest, Math.max(lowest, step));
    const sum = steps.get(at) ?? { count: 0, bins: 0 };
    steps.set(at, { count: sum.count + count, bins: sum.bins + 1 });
  }
  const told = within.map(({ step }) => {
    const { count, bins } = steps.get(Math.min(highest, Math.max(lowest, step)))!;
    return count / bins;
  });
  return divergence(seen, told);
}

/** Both are made to add up to 1. */
export function divergence(p: readonly number[], q: readonly number[]): number {
  const sum = (list: readonly number[]): number => list.reduce((total, x) => total + x, 0);
  const [allP, allQ] = [sum(p), sum(q)];
  return p.reduce((total, x, i) => {
    const [share, told] = [x / allP, Math.max(NOTHING, q[i] / allQ)];
    return share === 0 ? total : total + share * Math.log(share / told);
  }, 0);
}
