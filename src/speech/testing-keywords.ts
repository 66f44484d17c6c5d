// A keyword model for tests, of a graph of four nodes: it tells a low tone from a high one by the mean of two mel bands
// over a second.

import type { Graph, Model } from "../model/graph.ts";
import { noise } from "../runtime/testing.ts";
import { Tensor } from "../tensor/tensor.ts";

export const RATE = 16_000;
export const toneLabels = ["_silence_", "_unknown_", "low", "high"];
const [BANDS, FRAMES] = [8, 49];
/** In Hz, and the mel band that each is loudest in. */
const tones = { low: { hertz: 500, band: 2 }, high: { hertz: 2500, band: 6 } } as const;

export type Tone = keyof typeof tones;

/** A tone of so many seconds, with a little noise. */
export function tone(name: Tone, seconds: number): Float32Array {
  const { hertz } = tones[name];
  const hiss = noise(Math.round(seconds * RATE));
  return hiss.map((x, i) => Math.sin((2 * Math.PI * hertz * i) / RATE) / 2 + x / 1000);
}

export const silence = (seconds: number): Float32Array =>
  noise(Math.round(seconds * RATE)).map((x) => x / 1000);

export function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const toneFeatures = {
  preset: "tf-mfcc",
  mel: { bands: BANDS },
  log: { floor: 0, offset: 1 },
  dct: null,
};

/** @param change replaces entries of the metadata */
export function toneModel(change: Readonly<Record<string, unknown>> = {}): Model {
  const metadata = { task: "keywords", labels: toneLabels, samples: RATE, features: toneFeatures, ...change };
  return { graphs: [toneGraph()], opset: 18, metadata };
}

/** features [1, 49, 8] → logits [1, 4] */
function toneGraph(): Graph {
  // Logits: silence 1, anything else 0, a tone the difference of its band and the other's.
  const weights = new Float32Array(BANDS * toneLabels.length);
  const put = (band: number, label: Tone, value: number) => {
    weights[band * toneLabels.length + toneLabels.indexOf(label)] = value;
  };
  for (const [label, other] of [
    ["low", "high"],
    ["high", "low"],
  ] as const) {
    put(tones[label].band, label, 2);
    put(tones[other].band, label, -2);
  }
  const node = (op: string, inputs: readonly string[], output: string, attributes = {}) => ({
    ...{ name: op, op, inputs, outputs: [output], attributes },
  });
  return {
    name: "tones",
    inputs: [{ name: "features", dtype: "float32", dims: [1, FRAMES, BANDS] }],
    outputs: [{ name: "logits", dtype: "float32", dims: [1, toneLabels.length] }],
    nodes: [
      node("ReduceMean", ["features", "time"], "mean", { keepdims: 0 }),
      node("MatMul", ["mean", "weights"], "differences"),
      node("Add", ["differences", "bias"], "logits"),
    ],
    constants: new Map<string, Tensor>([
      ["time", new Tensor("int64", [1])],
      ["weights", new Tensor("float32", weights, [BANDS, toneLabels.length])],
      ["bias", new Tensor("float32", [3, 0, 0, 0])],
    ]),
  };
}
