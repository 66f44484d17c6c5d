import assert from "node:assert/strict";
import { test } from "node:test";
import type { LabelledItem } from "./labels.ts";
import { countSpottingErrors, type Spoken, streamOf } from "./spotting.ts";

const spoken: Spoken[] = [
  { label: "yes", start: 1, end: 2 },
  { label: "_unknown_", start: 3, end: 4 },
  { label: "no", start: 5, end: 6 },
  { label: "no", start: 6.2, end: 7.2 },
];
const wanted = ["yes", "no"];
const found = (...words: readonly (readonly [label: string, time: number])[]) =>
  words.map(([label, time]) => ({ label, time, score: 1 }));

test("a word found while it is said, or a little later, is a hit", () => {
  const all = found(["yes", 1.5], ["no", 6.4], ["no", 7.7]);
  assert.deepEqual(countSpottingErrors(spoken, all, { wanted }), {
    words: 3,
    hits: 3,
    misses: 0,
    falseAlarms: 0,
  });
  assert.equal(countSpottingErrors(spoken, found(["yes", 2.3]), { wanted, grace: 0.2 }).hits, 0);
});

test("what is not found is a miss, what is found elsewhere, twice or as another word a false alarm", () => {
  const cases: readonly [ReturnType<typeof found>, hits: number, falseAlarms: number][] = [
    [[], 0, 0],
    [found(["yes", 0.9]), 0, 1],
    [found(["yes", 1.4], ["yes", 1.9]), 1, 1],
    [found(["no", 1.4]), 0, 1],
    [found(["yes", 3.4]), 0, 1],
  ];
  for (const [words, hits, falseAlarms] of cases)
    assert.deepEqual(countSpottingErrors(spoken, words, { wanted }), {
      words: 3,
      hits,
      misses: 3 - hits,
      falseAlarms,
    });
});

const item = (label: string, value: number): LabelledItem => ({
  id: label,
  label,
  load: async () => ({ samples: new Float32Array(8000).fill(value), sampleRate: 8000 }),
});

test("clips follow each other with gaps of noise, and it is known where they are", async () => {
  const make = async (seed: number) => {
    const parts: number[] = [];
    const places: Spoken[] = [];
    for await (const piece of streamOf([item("yes", 0.5), item("no", 0.25)], { sampleRate: 1000, seed })) {
      parts.push(...piece.samples);
      if (piece.spoken) places.push(piece.spoken);
    }
    return { samples: parts, places };
  };
  const { samples, places } = await make(1);
  assert.deepEqual(
    places.map(({ label }) => label),
    ["yes", "no"],
  );
  let ended = 0;
  for (const [i, { start, end }] of places.entries()) {
    assert.ok(start - ended >= 0.5 && start - ended <= 1.5);
    assert.ok(Math.abs(end - start - 1) < 1e-9);
    assert.ok(Math.abs(samples[Math.round(1000 * start) + 500] - [0.5, 0.25][i]) < 1e-3);
    assert.ok(Math.abs(samples[Math.round(1000 * start) - 100]) < 0.002);
    ended = end;
  }
  assert.ok(Math.abs(samples.length - 1000 * (ended + 1)) < 1);
  assert.deepEqual(await make(1), { samples, places });
  assert.notDeepEqual((await make(2)).places, places);
});
