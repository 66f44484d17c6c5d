import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../kernels/testing.ts";
import { KeywordModel } from "./keywords.ts";
import { type Detection, KeywordSpotter, type SpotterOptions } from "./spotter.ts";
import { joined, RATE, silence, tone, toneFeatures, toneModel } from "./testing-keywords.ts";

const stream = joined([
  ...[silence(1.3), tone("low", 0.8), silence(1), tone("high", 0.8)],
  ...[silence(1.2), tone("low", 0.8), silence(1), tone("low", 0.8), silence(1.4)],
]);
const words = ["low", "high", "low", "low"];
/** The tone model at the middle of a tone: 0.8 of the window. */
const settings: SpotterOptions = { threshold: 0.6 };

const labels = (found: readonly Detection[]) => found.map(({ label }) => label);

test("words are found one by one, each once, with times and scores", async () => {
  using model = await KeywordModel.load(toneModel());
  const spotter = new KeywordSpotter(model, settings);
  const found = await spotter.push(stream);
  assert.deepEqual(labels(found), words);
  const ends = [2.1, 3.9, 5.9, 7.7];
  found.forEach(({ time, score }, i) => {
    assert.ok(score >= 0.6 && score <= 1);
    assert.ok(time > ends[i] - 0.8 && time < ends[i] + 0.5, `${time}`);
  });
  assert.equal(spotter.time, stream.length / RATE);
});

/** Front ends whose windows share rows, and one whose windows are clips of their own. */
const frontEnds = {
  "shared rows": toneFeatures,
  "shared rows, then a z-score of each window": {
    ...toneFeatures,
    clip: { step: "z-score", leastDeviation: 1 },
  },
  "own clips": { ...toneFeatures, edges: "mirror", dropLast: true },
};

for (const [name, features] of Object.entries(frontEnds))
  test(`200 random ways to cut a stream into pieces give the same words, times and scores: ${name}`, async () => {
    using model = await KeywordModel.load(toneModel({ features }));
    const clip = stream.subarray(RATE, 3 * RATE);
    // Windows of one second every 200 ms, so that 200 rounds are few enough runs.
    const options = { hop: 200, smoothing: 2, threshold: 0.3, refractory: 0 };
    const whole = await new KeywordSpotter(model, options).push(clip);
    assert.ok(whole.length > 0);
    const random = createRandom(7);
    for (let round = 0; round < 200; round++) {
      const spotter = new KeywordSpotter(model, options);
      const longest = [50, 700, 20_000][round % 3];
      const found: Detection[] = [];
      for (let at = 0; at < clip.length; ) {
        const piece = clip.subarray(at, at + Math.floor(random() * longest));
        found.push(...(await spotter.push(piece)));
        at += piece.length;
      }
      assert.deepEqual(found, whole, `round ${round}`);
    }
  });

test("windows that share rows have the features of their clips", async () => {
  using model = await KeywordModel.load(toneModel());
  const hop = 200;
  const spotter = new KeywordSpotter(model, {
    hop,
    smoothing: 1,
    threshold: 0,
    refractory: 0,
    labels: ["high"],
  });
  const found = await spotter.push(stream);
  const { score, time } = found[0];
  const end = Math.round(time * RATE);
  assert.equal((await model.classify(stream.slice(end - RATE, end))).scores[3], score);
});

test("after a reset it hears as if for the first time", async () => {
  using model = await KeywordModel.load(toneModel());
  const spotter = new KeywordSpotter(model, settings);
  const first = await spotter.push(stream);
  await spotter.reset();
  assert.equal(spotter.time, 0);
  assert.deepEqual(await spotter.push(stream), first);
});

test("pieces pushed without waiting are heard in their order", async () => {
  using model = await KeywordModel.load(toneModel());
  const spotter = new KeywordSpotter(model, settings);
  const pieces = Array.from({ length: 10 }, (_, i) => stream.subarray(i * RATE, (i + 1) * RATE));
  assert.deepEqual(labels((await Promise.all(pieces.map((piece) => spotter.push(piece)))).flat()), words);
});

test("only the words asked for are found", async () => {
  using model = await KeywordModel.load(toneModel());
  const spotter = new KeywordSpotter(model, { ...settings, labels: ["high"] });
  assert.deepEqual(labels(await spotter.push(stream)), ["high"]);
});

test("the time between windows is a whole number of the front end's frames where windows share them", async () => {
  using model = await KeywordModel.load(toneModel());
  const hop = (ms: number) => new KeywordSpotter(model, { hop: ms }).hop;
  assert.deepEqual([hop(1), hop(51), hop(100), hop(1000)], [20, 60, 100, 980]);
});

test("settings that cannot be are errors that say what can", async () => {
  using model = await KeywordModel.load(toneModel());
  const cases: readonly [SpotterOptions, RegExp][] = [
    [{ hop: 0 }, /^hop: expected a number from 1 to 60000, found 0/],
    [{ hop: 1001 }, /^hop: expected at most the 1000 ms that the model hears at once, found 1001/],
    [{ smoothing: 1.5 }, /^smoothing: expected a whole number from 1 to 1000, found 1.5/],
    [{ threshold: 70 }, /^threshold: expected a number from 0 to 1, found 70/],
    [{ refractory: Number.NaN }, /^refractory: .*found NaN/],
    [{ labels: ["low", "medium"] }, /expected some of _silence_, _unknown_, low, high, found medium/],
    [{ labels: [] }, /found none/],
  ];
  for (const [options, message] of cases)
    assert.throws(() => new KeywordSpotter(model, options), { code: "argument", message });
  const spotter = new KeywordSpotter(model);
  await assert.rejects(spotter.push(Float32Array.of(0, Number.NaN)), {
    code: "argument",
    message: /sample 1/,
  });
});

test("an abort ends a long push with the reason given", async () => {
  using model = await KeywordModel.load(toneModel());
  const spotter = new KeywordSpotter(model, { hop: 20 });
  const control = new AbortController();
  const long = spotter.push(new Float32Array(600 * RATE), { signal: control.signal });
  setTimeout(() => control.abort(new Error("enough")), 60);
  await assert.rejects(long, /enough/);
  await spotter.reset();
  assert.deepEqual(await spotter.push(silence(2)), []);
});
