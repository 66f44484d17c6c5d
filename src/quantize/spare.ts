// Which matrices keep more bits than their scheme says: those whose results would suffer most, as far as the weights
// together stay small enough.

import type { Calibration } from "./calibrate.ts";
import type { QuantizedLayer } from "./insert.ts";
import type { Layer, LayerWeights } from "./layers.ts";
import { type QuantizedWeights, toMatrix, weightsOf } from "./matrix.ts";
import { outputError } from "./methods/statistics.ts";
import { matches } from "./patterns.ts";
import { formatOf, type LayerPlan } from "./plan.ts";
import type { SpareRule } from "./schemes.ts";
import { hessiansOf } from "./weights.ts";

/** Rows looked at: a sample tells as much as all of them. */
const ROWS = 64;

interface Candidate {
  layer: Layer;
  /** Of the layer's matrices. */
  at: number;
  /** Noise over signal of the matrix's results, on the bits that the scheme gives it. */
  noise: number;
}

/**
 * The plans with matrices spared, the noisiest first, while the weights together take `meanBits` on average at most.
 * @param quantized what becomes of a layer by its plan
 */
export function spareMatrices(
  plans: readonly LayerPlan[],
  { layers, weights: format, meanBits }: SpareRule,
  quantized: (plan: LayerPlan) => QuantizedLayer,
  calibration: Calibration | undefined,
): LayerPlan[] {
  const candidates = plans.flatMap((plan) => {
    const { layer } = plan;
    const fewer = (at: number): boolean => (formatOf(plan, at)?.bits ?? format.bits) < format.bits;
    const own = indices(layer).filter((at) => isNamed(layer, at, layers) && fewer(at));
    if (own.length === 0) return [];
    const { weights } = quantized(plan);
    return own.map((at) => ({ layer, at, noise: noiseOf(layer, at, weights[at], calibration) }));
  });
  let left = plans.reduce((sum, plan) => sum + (meanBits - bitsOf(plan)) * sizeOf(plan), 0);
  const chosen = new Map<Layer, Set<number>>();
  for (const { layer, at } of candidates.sort((a: Candidate, b: Candidate) => b.noise - a.noise)) {
    const plan = plans.find((each) => each.layer === layer)!;
    const more = (format.bits - formatOf(plan, at)!.bits) * layer.weights[at].tensor.size;
    if (more > left) continue;
    left -= more;
    chosen.set(layer, (chosen.get(layer) ?? new Set()).add(at));
  }
  return plans.map((plan) => {
    const own = chosen.get(plan.layer);
    return own ? { ...plan, spared: new Map([...own].map((at) => [at, format])) } : plan;
  });
}

const indices = ({ weights }: Layer): number[] => weights.map((_, at) => at);

/** A recurrent layer is a first layer by the matrix that its input meets; its others read what it computes. */
function isNamed(layer: Layer, at: number, patterns: readonly string[]): boolean {
  return patterns.some(
    (pattern) => matches(pattern, layer) && (pattern !== "@first" || layer.weights[at].meets === "input"),
  );
}

const sizeOf = ({ layer }: LayerPlan): number =>
  layer.weights.reduce((sum, { tensor }) => sum + tensor.size, 0);

/** Of a weight, on average; what stays in float does not count. */
function bitsOf(plan: LayerPlan): number {
  const { weights } = plan.layer;
  const bits = weights.reduce(
    (sum, { tensor }, at) => sum + (formatOf(plan, at)?.bits ?? 0) * tensor.size,
    0,
  );
  return bits / Math.max(1, sizeOf(plan));
}

/** Σ (ŵ−w)ᵀH(ŵ−w) / Σ wᵀHw over rows of the matrix; without H every input counts the same. */
function noiseOf(
  layer: Layer,
  at: number,
  quantized: QuantizedWeights,
  calibration: Calibration | undefined,
): number {
  const { tensor, shape }: LayerWeights = layer.weights[at];
  const before = toMatrix(tensor, shape);
  const after = toMatrix({ ...tensor, data: weightsOf(quantized) } as typeof tensor, shape);
  const { rows, k } = before;
  const hessians = hessiansOf(layer, at, calibration) ?? [identity(k)];
  let [noise, signal] = [0, 0];
  for (let row = 0; row < rows; row += Math.ceil(rows / ROWS)) {
    const hessian = hessians[Math.floor((row * hessians.length) / rows)];
    const own = Float64Array.from(before.values.subarray(row * k, (row + 1) * k));
    signal += outputError(own, hessian);
    noise += outputError(
      own.map((value, i) => after.values[row * k + i] - value),
      hessian,
    );
  }
  return signal === 0 ? 0 : noise / signal;
}

function identity(k: number): Float64Array {
  const matrix = new Float64Array(k * k);
  for (let i = 0; i < k; i++) matrix[i * k + i] = 1;
  return matrix;
}
