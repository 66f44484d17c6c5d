// Scales of weights: over the range of each group, or where the squared error is least. The weights are all there,
// so nothing has to be estimated.

import { gridFor, limitsOf, onGrid, quantizeTo } from "../grid.ts";
import { type Grids, type Groups, gridOf } from "../matrix.ts";
import type { WeightFormat } from "../schemes.ts";

const TRIALS = 40;
/** Share of the range that is the narrowest tried: what saturates then costs more than finer steps gain. */
const NARROWEST = 0.35;

/** Least and greatest weight of each group. */
export function rangesOf(values: Float32Array, groups: Groups): { min: Float64Array; max: Float64Array } {
  const [min, max] = [new Float64Array(groups.count), new Float64Array(groups.count)];
  for (let i = 0; i < values.length; i++) {
    const group = groups.at(i);
    min[group] = Math.min(min[group], values[i]);
    max[group] = Math.max(max[group], values[i]);
  }
  return { min, max };
}

/**
 * Over each group's own range, widened to contain 0. Without a sign that is the founding article's: scale is 1/Q, zero
 * is −RQM.
 */
export function fitRange(values: Float32Array, groups: Groups, format: WeightFormat): Grids {
  const { min, max } = rangesOf(values, groups);
  const fitted = Array.from(min, (least, group) => gridFor({ min: least, max: max[group] }, format));
  return gridsOf(
    groups,
    format,
    fitted.map(({ scale }) => scale),
    fitted.map(({ zero }) => zero),
  );
}

/** Like `fitRange`, with each group's range drawn in as far as Σ(w − ŵ)² falls. */
export function fitSquares(values: Float32Array, groups: Groups, format: WeightFormat): Grids {
  let best = fitRange(values, groups, format);
  const { min, max } = rangesOf(values, groups);
  const least = groupErrors(values, best);
  for (let trial = 1; trial < TRIALS; trial++) {
    const share = 1 - ((1 - NARROWEST) * trial) / TRIALS;
    const fitted = Array.from(min, (low, group) =>
      gridFor({ min: low * share, max: max[group] * share }, format),
    );
    const [scales, zeros] = [fitted.map(({ scale }) => scale), fitted.map(({ zero }) => zero)];
    const errors = groupErrors(values, gridsOf(groups, format, scales, zeros));
    const next = { ...best, scales: best.scales.slice(), zeros: best.zeros.slice() };
    errors.forEach((error, group) => {
      if (error >= least[group]) return;
      least[group] = error;
      next.scales[group] = scales[group];
      next.zeros[group] = zeros[group];
    });
    best = next;
  }
  return best;
}

function gridsOf(
  groups: Groups,
  format: WeightFormat,
  scales: readonly number[],
  zeros: readonly number[],
): Grids {
  return { groups, scales: Float32Array.from(scales), zeros: Int32Array.from(zeros), ...limitsOf(format) };
}

/** Σ(w − ŵ)² of each group, rounded to the nearest. */
export function groupErrors(values: Float32Array, grids: Grids): Float64Array {
  const errors = new Float64Array(grids.groups.count);
  const all = Array.from(errors, (_, group) => gridOf(grids, group));
  for (let i = 0; i < values.length; i++) {
    const group = grids.groups.at(i);
    errors[group] += (values[i] - onGrid(all[group], values[i])) ** 2;
  }
  return errors;
}

/** Each weight's nearest integer. */
export function nearest(values: Float32Array, grids: Grids): Int32Array {
  const all = Array.from(grids.scales, (_, group) => gridOf(grids, group));
  return Int32Array.from(values, (value, i) => quantizeTo(all[grids.groups.at(i)], value));
}
