import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateTranscription, type ItemResult } from "./transcription.ts";

/** Hears what the first sample says. */
const heard = ["the cat sat", "on a mat", ""];
const recognizer = {
  async transcribe(
    samples: Float32Array,
    { sampleRate = 1, signal }: { sampleRate?: number; signal?: AbortSignal },
  ) {
    signal?.throwIfAborted();
    const text = heard[samples[0]];
    return { text, segments: [], audioSeconds: samples.length / sampleRate, processingSeconds: 0.5, rtf: 0 };
  },
} as unknown as Parameters<typeof evaluateTranscription>[0];
const items = ["The cat sat.", "on the mat", "quiet"].map((reference, index) => ({
  id: `${index}`,
  reference,
  load: async () => ({ samples: new Float32Array(20).fill(index), sampleRate: 10 }),
}));

test("errors, seconds and the real-time factor are summed over the recordings", async () => {
  const seen: ItemResult[] = [];
  const steps: number[] = [];
  const result = await evaluateTranscription(recognizer, items, {
    onItem: (item) => seen.push(item),
    onProgress: ({ done }) => steps.push(done),
  });
  assert.deepEqual(result, {
    ...{ items: 3, metric: "wer", value: (100 * 2) / 7, words: 7 },
    ...{ substitutions: 1, insertions: 0, deletions: 1, audioSeconds: 6, processingSeconds: 1.5, rtf: 0.25 },
  });
  assert.deepEqual(
    seen.map((item) => [item.id, item.substitutions, item.deletions]),
    [
      ["0", 0, 0],
      ["1", 1, 0],
      ["2", 0, 1],
    ],
  );
  assert.deepEqual(steps, [0, 1, 2, 3]);
});

test("an abort ends it", async () => {
  const control = new AbortController();
  const run = evaluateTranscription(recognizer, items, {
    signal: control.signal,
    onItem: () => control.abort(new Error("enough")),
  });
  await assert.rejects(run, /enough/);
});
