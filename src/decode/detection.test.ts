import assert from "node:assert/strict";
import { test } from "node:test";
import { type DetectionSettings, Detector } from "./detection.ts";

const settings: DetectionSettings = { wanted: [1, 2], smoothing: 2, threshold: 0.6, refractory: 0 };

/** What is found in windows a second apart; each window the scores of labels 1 and 2, the rest label 0's. */
function found(
  windows: readonly (readonly [one: number, two: number])[],
  change: Partial<DetectionSettings> = {},
) {
  const detector = new Detector({ ...settings, ...change });
  return windows.flatMap(([one, two], time) => {
    const word = detector.accept(Float32Array.of(1 - one - two, one, two), time);
    return word ? [[word.index, time]] : [];
  });
}

test("a label is found when the average of its last scores reaches the threshold", () => {
  assert.deepEqual(
    found([
      [0, 0],
      [1, 0],
      [1, 0],
    ]),
    [[1, 2]],
  );
  assert.deepEqual(
    found(
      [
        [0, 0],
        [1, 0],
        [1, 0],
      ],
      { smoothing: 1 },
    ),
    [[1, 1]],
  );
});

test("a stream's first windows are averaged as far as there are any", () => {
  assert.deepEqual(found([[0.75, 0]]), [[1, 0]]);
});

test("a word that goes on is found once, and again after its average fell below the threshold", () => {
  const word = [
    [1, 0],
    [1, 0],
    [1, 0],
  ] as const;
  assert.deepEqual(found(word), [[1, 0]]);
  assert.deepEqual(found([...word, [0, 0], [1, 0], [1, 0]]), [
    [1, 0],
    [1, 5],
  ]);
});

test("in the refractory time nothing else is found; what still sounds afterwards is", () => {
  const windows = [
    [1, 0],
    [0, 1],
    [0, 1],
    [0, 1],
  ] as const;
  assert.deepEqual(found(windows), [
    [1, 0],
    [2, 2],
  ]);
  assert.deepEqual(found(windows, { refractory: 3 }), [
    [1, 0],
    [2, 3],
  ]);
  assert.deepEqual(found(windows, { refractory: 3.5 }), [[1, 0]]);
});

test("only the labels asked for are found", () => {
  assert.deepEqual(
    found(
      [
        [0, 1],
        [0, 1],
      ],
      { wanted: [1] },
    ),
    [],
  );
});

test("after a reset it remembers nothing", () => {
  const detector = new Detector({ ...settings, refractory: 10 });
  const word = Float32Array.of(0, 1, 0);
  assert.deepEqual(detector.accept(word, 5), { index: 1, score: 1 });
  assert.equal(detector.accept(word, 6), undefined);
  detector.reset();
  assert.deepEqual(detector.accept(word, 1), { index: 1, score: 1 });
});
