import assert from "node:assert/strict";
import { test } from "node:test";
import { disagreements } from "./against.ts";
import { choose, inTurn, seeded } from "./choice.ts";
import { Confusion } from "./confusion.ts";
import { matchLabels } from "./label-names.ts";
import { evaluateLabels, type HeardItem } from "./labels.ts";

const labels = ["_silence_", "_unknown_", "yes", "no"];

/** A model that hears the label whose index is the first sample. */
const model = {
  labels,
  async classify(samples: Float32Array) {
    const scores = labels.map((_, at) => Number(at === samples[0]));
    return { label: labels[samples[0]], score: 1, scores: Float32Array.from(scores) };
  },
};

/** Recordings of two seconds, each said and heard as the labels of these indices. */
const recordings = (...pairs: readonly (readonly [said: number, heard: number])[]) =>
  pairs.map(([said, heard], at) => ({
    id: `${at}`,
    label: labels[said],
    load: async () => ({ samples: new Float32Array(16_000).fill(heard), sampleRate: 8000 }),
  }));

test("accuracy is in percent, for all labels, for each, and without silence", async () => {
  const heard: HeardItem[] = [];
  const progress: number[] = [];
  const result = await evaluateLabels(model, recordings([0, 0], [2, 2], [2, 3], [3, 3], [3, 0]), {
    onItem: (item) => heard.push(item),
    onProgress: ({ done }) => progress.push(done),
  });
  assert.deepEqual([result.items, result.metric, result.value], [5, "accuracy", 60]);
  assert.deepEqual(result.withoutSilence, { items: 4, correct: 2, value: 50 });
  assert.deepEqual(result.perClass, {
    _silence_: { count: 1, correct: 1, value: 100 },
    yes: { count: 2, correct: 1, value: 50 },
    no: { count: 2, correct: 1, value: 50 },
  });
  assert.equal(result.audioSeconds, 10);
  assert.equal(result.rtf, result.processingSeconds / 10);
  assert.deepEqual(heard[2], { id: "2", label: "yes", heard: "no", score: 1 });
  assert.deepEqual(progress, [0, 1, 2, 3, 4, 5]);
});

test("of a set without silence there is no figure without it", async () => {
  assert.equal((await evaluateLabels(model, recordings([2, 2]))).withoutSilence, undefined);
});

test("an abort is thrown, or ends the evaluation with what was done", async () => {
  const items = recordings([2, 2], [2, 2], [2, 3]);
  const run = (partial: boolean) => {
    const control = new AbortController();
    const onItem = ({ id }: HeardItem) => id === "1" && control.abort(new Error("enough"));
    return evaluateLabels(model, items, { signal: control.signal, partial, onItem });
  };
  await assert.rejects(run(false), /enough/);
  const { items: done, value } = await run(true);
  assert.deepEqual([done, value], [2, 100]);
});

test("confused pairs are counted by what was said and what was heard, the most frequent first", () => {
  const confusion = new Confusion(["a", "b", "c"]);
  for (const [said, heard] of ["ab", "ba", "ab", "cc"]) confusion.add(said, heard);
  assert.deepEqual(confusion.counts, [
    [0, 2, 0],
    [1, 0, 0],
    [0, 0, 1],
  ]);
  assert.deepEqual(confusion.pairs(), [
    { said: "a", heard: "b", count: 2 },
    { said: "b", heard: "a", count: 1 },
  ]);
  assert.equal(new Confusion(["a"]).accuracy().value, 0);
});

test("folders have the label of their name, other words that of unknown words", () => {
  const { labels: found, asUnknown, ignored } = matchLabels(["_silence_", "bed", "yes"], labels);
  assert.deepEqual(
    [...found],
    [
      ["_silence_", "_silence_"],
      ["bed", "_unknown_"],
      ["yes", "yes"],
    ],
  );
  assert.deepEqual([asUnknown, ignored], [["bed"], []]);
});

test("folders without a label are an error that names them, or are left out", () => {
  const folders = ["_background_noise_", "yes"];
  assert.throws(() => matchLabels(folders, labels, { dataset: "clips" }), {
    code: "argument",
    message: /^clips: labels that the model does not know: .*found _background_noise_\. --ignore-unknown/,
  });
  assert.throws(() => matchLabels(["yes", "up"], ["yes", "no"]), /found up/);
  const { labels: found, ignored } = matchLabels(folders, labels, { ignoreUnknown: true });
  assert.deepEqual([[...found], ignored], [[["yes", "yes"]], ["_background_noise_"]]);
});

test("a choice by seed is the same every time, and fewer are the beginning of more", () => {
  const items = Array.from({ length: 100 }, (_, i) => i);
  const ten = choose(items, { limit: 10, seed: 5 });
  assert.deepEqual(ten, choose(items, { limit: 20, seed: 5 }).slice(0, 10));
  assert.notDeepEqual(ten, choose(items, { limit: 10, seed: 6 }));
  assert.deepEqual(
    choose(items, { seed: 5 }).sort((a, b) => a - b),
    items,
  );
  assert.deepEqual(choose(items, { limit: 3 }), [0, 1, 2]);
  assert.deepEqual(choose(items, {}), items);
});

test("seeded numbers fill 0…1 evenly", () => {
  const random = seeded(1);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) tenths[Math.floor(10 * random())]++;
  for (const count of tenths) assert.ok(Math.abs(count - 1000) < 150, `${tenths}`);
});

test("lists are taken in turn", () => {
  assert.deepEqual(inTurn([["a1", "a2", "a3"], ["b1"], ["c1", "c2"]]), ["a1", "b1", "c1", "a2", "c2", "a3"]);
  assert.deepEqual(inTurn([]), []);
});

test("two models differ where they heard differently, and it is said who is right", () => {
  const outcome = (id: string, heard: string) => ({ id, said: "yes", heard, right: heard === "yes" });
  const these = [
    outcome("1", "yes"),
    outcome("2", "yes"),
    outcome("3", "up"),
    outcome("4", "no"),
    outcome("5", "no"),
  ];
  const others = [outcome("1", "yes"), outcome("2", "no"), outcome("3", "no"), outcome("4", "yes")];
  assert.deepEqual(
    disagreements(these, others).map(({ id, heard, other, right }) => [id, heard, other, right]),
    [
      ["2", "yes", "no", "this"],
      ["3", "up", "no", "neither"],
      ["4", "no", "yes", "other"],
    ],
  );
  assert.deepEqual(
    disagreements(these, others, () => true),
    [],
  );
});
