// Which layers lose what: each one quantized alone in an otherwise float model, and what that does to the answers. A
// budget then buys back the worst of them, until the model as a whole disagrees with the float one no more than allowed.

import type { Model } from "../model/graph.ts";
import { type CalibrationSet, type Values, type WalkOptions, walk } from "./calibrate.ts";
import { mostLikely } from "./measure.ts";
import { divergence } from "./observers/entropy.ts";
import type { LayerScheme } from "./schemes.ts";

export interface LayerLoss {
  name: string;
  /** Of the answers: divergence of the classes' probabilities, or noise to signal where there are none. */
  loss: number;
}

/**
 * @param alone the model with nothing but this layer quantized
 * @returns the layers, the most sensitive first
 */
export async function sensitivities(
  float: Model,
  layers: readonly string[],
  alone: (layer: string) => Model,
  set: CalibrationSet,
  { signal, onProgress }: WalkOptions,
): Promise<LayerLoss[]> {
  const losses: LayerLoss[] = [];
  for (const [done, name] of layers.entries()) {
    onProgress?.({ stage: "trying layers", done, total: layers.length, name });
    const output = float.graphs[0].outputs[0].name;
    let loss = 0;
    await walk([float, alone(name)], set, { signal, stage: "trying layers" }, ([before, after]) => {
      loss += lossOf(before, after, output) / set.size;
    });
    losses.push({ name, loss });
  }
  onProgress?.({ stage: "trying layers", done: layers.length, total: layers.length });
  return losses.sort((a, b) => b.loss - a.loss);
}

/** Percent of clips to which two models give different answers. */
export async function disagreement(
  float: Model,
  other: Model,
  set: CalibrationSet,
  { signal }: WalkOptions,
): Promise<number> {
  const output = float.graphs[0].outputs[0].name;
  let differing = 0;
  await walk([float, other], set, { signal, stage: "trying layers" }, ([before, after]) => {
    if (mostLikely(before[output]) !== mostLikely(after[output])) differing++;
  });
  return (100 * differing) / set.size;
}

function lossOf(before: Values, after: Values, output: string): number {
  const [a, b] = [before, after].map((values) => values[output].data as Float32Array);
  if (before[output].dims.length === 2 && a.length > 1) return divergence(probabilities(a), probabilities(b));
  let [signal, noise] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    signal += a[i] * a[i];
    noise += (a[i] - b[i]) ** 2;
  }
  return noise / (signal || 1);
}

/** Softmax. */
function probabilities(scores: Float32Array): number[] {
  const most = scores.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = Array.from(scores, (score) => Math.exp(score - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** One step up in precision: weights to 8 bits, then activations to 16, then weights to 16, then float. */
export function raised({ weights, activations, states, cell }: LayerScheme): LayerScheme {
  if (!weights) return {};
  if (weights.bits < 8) {
    const more: LayerScheme["weights"] = { ...weights, bits: 8, granularity: "channel", symmetric: true };
    return { weights: more, activations, states, cell };
  }
  const fewest = Math.min(activations?.bits ?? 16, states?.bits ?? 16);
  if (activations && fewest < 16)
    return { weights, activations: { ...activations, bits: 16, symmetric: true, range: "calibrated" }, cell };
  if (weights.bits < 16 && activations) return { weights: { ...weights, bits: 16 }, activations, cell };
  return {};
}

/**
 * The fewest layers, from the most sensitive on, that have to be raised so that the model loses no more than the
 * budget. Each trial quantizes all the others; trials halve the interval.
 * @param lossWith what is lost with so many layers raised
 * @returns as many as there are layers when even that is not enough
 */
export async function fewestRaised(
  count: number,
  budget: number,
  lossWith: (raisedLayers: number) => Promise<number>,
): Promise<{ raised: number; loss: number }> {
  const atOnce = await lossWith(0);
  if (atOnce <= budget) return { raised: 0, loss: atOnce };
  let [enough, loss, short] = [count, await lossWith(count), 0];
  if (loss > budget) return { raised: count, loss };
  while (enough - short > 1) {
    const middle = Math.floor((enough + short) / 2);
    const found = await lossWith(middle);
    if (found <= budget) [enough, loss] = [middle, found];
    else short = middle;
  }
  return { raised: enough, loss };
}
