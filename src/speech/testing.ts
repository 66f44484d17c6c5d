// Two recognisers for tests: one that says what it is told to, after each token the one that the script names; and
// one that runs every kind of kernel, whose words are noise, but the same noise everywhere.

import type { Graph, Model, ValueInfo } from "../model/graph.ts";
import { smallModel, VOCABULARY } from "../runtime/testing.ts";
import { Tensor } from "../tensor/tensor.ts";

export const START = 0;
export const END = 1;

const token: ValueInfo = { name: "token", dtype: "int64", dims: [1, 1] };

/**
 * @param pieces the vocabulary after the start and end tokens
 * @param next for each token the one that follows it
 */
export function scripted(
  pieces: readonly string[],
  next: Readonly<Record<number, number>>,
  settings = {},
): Model {
  const vocabulary = ["<s>", "</s>", ...pieces];
  const size = vocabulary.length;
  const table = new Float32Array(size * size);
  for (const [from, to] of Object.entries(next)) table[Number(from) * size + to] = 1;
  const constants = new Map([["table", new Tensor("float32", table, [size, size])]]);
  const step: Graph = {
    name: "step",
    inputs: [token],
    outputs: [{ name: "logits", dtype: "float32", dims: [1, 1, size] }],
    nodes: [
      {
        name: "look",
        op: "Gather",
        inputs: ["table", "token"],
        outputs: ["logits"],
        attributes: { axis: 0 },
      },
    ],
    constants,
  };
  const frames: ValueInfo = { name: "frames", dtype: "float32", dims: [1, "samples", 1] };
  const encoder: Graph = {
    name: "encoder",
    inputs: [{ name: "samples", dtype: "float32", dims: [1, "samples"] }],
    outputs: [frames],
    nodes: [
      { name: "frame", op: "Unsqueeze", inputs: ["samples", "axis"], outputs: ["frames"], attributes: {} },
    ],
    constants: new Map([["axis", new Tensor("int64", [2])]]),
  };
  const recognizer = {
    ...{ sampleRate: 16_000, startToken: START, endToken: END },
    ...{ tokensPerSecond: 6, maxSeconds: 4, pieceSeconds: 4, minSeconds: 0.1, ...settings },
  };
  return { graphs: [encoder, step], opset: 17, metadata: { recognizer, vocabulary } };
}

/** Products in 8 bits, norms, attention, rotary embedding, convolution, growing caches: 120 kB when packed. */
export function noisy(settings = {}): Model {
  const words = Array.from(
    { length: VOCABULARY - 2 },
    (_, i) => `▁${String.fromCharCode(97 + (i % 26))}${i}`,
  );
  const recognizer = {
    ...{ sampleRate: 16_000, startToken: START, endToken: END },
    ...{ tokensPerSecond: 6, maxSeconds: 4, pieceSeconds: 4, minSeconds: 0.1, ...settings },
  };
  return { ...smallModel(), metadata: { recognizer, vocabulary: ["<s>", "</s>", ...words] } };
}
