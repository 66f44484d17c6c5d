import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { writeOvx } from "../model/ovx.ts";
import { featureInput } from "./keyword-settings.ts";
import { KeywordModel } from "./keywords.ts";
import { RATE, silence, tone, toneFeatures, toneLabels, toneModel } from "./testing-keywords.ts";

test("a clip has the label of the largest score, and the scores are probabilities", async () => {
  using model = await KeywordModel.load(toneModel());
  for (const name of ["low", "high"] as const) {
    const { label, score, scores } = await model.classify(tone(name, 1));
    assert.equal(label, name);
    assert.equal(score, scores[toneLabels.indexOf(name)]);
    assert.ok(score > 0.9);
    assert.ok(Math.abs(scores.reduce((sum, each) => sum + each) - 1) < 1e-6);
  }
  assert.equal((await model.classify(silence(1))).label, "_silence_");
});

test("every set of kernels gives the same scores, in a model in memory and in its packed file", async () => {
  const clip = tone("high", 1);
  const all = await Promise.all(
    (["reference", "simd", "relaxed"] as const).flatMap((kernels) =>
      [toneModel(), writeOvx(toneModel())].map(async (file) => {
        using model = await KeywordModel.load(file, { kernels });
        return (await model.classify(clip)).scores;
      }),
    ),
  );
  for (const scores of all) assert.deepEqual(scores, all[0]);
});

test("a short clip is followed by silence, of a long one the beginning counts, another rate is resampled", async () => {
  using model = await KeywordModel.load(toneModel());
  const scores = async (clip: Float32Array, sampleRate?: number) =>
    (await model.classify(clip, { sampleRate })).scores;
  const short = tone("low", 0.5);
  const filled = new Float32Array(RATE);
  filled.set(short);
  assert.deepEqual(await scores(short), await scores(filled));
  const long = new Float32Array(3 * RATE).fill(0.1);
  long.set(filled);
  assert.deepEqual(await scores(long), await scores(filled));
  assert.equal((await model.classify(new Float32Array(0))).label, "_silence_");
  // Half the rate: every other sample of a tone an octave lower than it would be at the full one.
  const half = tone("low", 1).filter((_, i) => i % 2 === 0);
  assert.equal((await model.classify(half, { sampleRate: RATE / 2 })).label, "low");
});

test("settings may be given for a model whose file says nothing", async () => {
  const silent: Model = { ...toneModel(), metadata: {} };
  await assert.rejects(KeywordModel.load(silent), {
    code: "format",
    message: /found no list of different labels/,
  });
  const settings = { labels: ["a", "b", "c", "d"], samples: RATE, features: toneFeatures };
  using model = await KeywordModel.load(silent, { settings });
  assert.equal((await model.classify(tone("low", 1))).label, "c");
});

test("a graph that ends in a Softmax gives the same scores as one of logits", async () => {
  const model = toneModel();
  const [graph] = model.graphs;
  const named = (nodes: typeof graph.nodes) => ({
    ...model,
    graphs: [
      { ...graph, outputs: [{ ...graph.outputs[0], name: "flat" }], nodes: [...graph.nodes, ...nodes] },
    ],
  });
  const node = (op: string, from: string, to: string, attributes = {}) => ({
    ...{ name: op, op, inputs: [from], outputs: [to], attributes },
  });
  using logits = await KeywordModel.load(model);
  using soft = await KeywordModel.load(
    named([node("Softmax", "logits", "soft", { axis: -1 }), node("Identity", "soft", "flat")]),
  );
  const clip = tone("high", 1);
  assert.deepEqual((await soft.classify(clip)).scores, (await logits.classify(clip)).scores);
});

test("the features lie in the input as its sizes say", () => {
  const lies = (dims: readonly (number | string)[] | undefined) => {
    const { dims: sizes, bandsFirst } = featureInput([{ name: "x", dtype: "float32", dims }], 49, 10);
    return [sizes, bandsFirst];
  };
  assert.deepEqual(lies([1, 49, 10]), [[1, 49, 10], false]);
  assert.deepEqual(lies(["batch", 1, "frames", 10]), [[1, 1, 49, 10], false]);
  assert.deepEqual(lies(["batch", 49, 10, 1]), [[1, 49, 10, 1], false]);
  assert.deepEqual(lies(["batch", 490]), [[1, 490], false]);
  assert.deepEqual(lies([1, 1, 10, 49]), [[1, 1, 10, 49], true]);
  assert.deepEqual(lies(undefined), [[1, 49, 10], false]);
  for (const dims of [[1, 49, 11], [2, 49, 10], [49]])
    assert.throws(() => lies(dims), { code: "format", message: /49 frames of 10 features/ });
});

test("a model that is no keyword model is refused, saying what it lacks", async () => {
  const cases: readonly [object, RegExp, code?: string][] = [
    [{ task: "speech" }, /found task "speech"/],
    [{ labels: ["a", "a", "b", "c"] }, /found no list of different labels/],
    [{ labels: [] }, /found no list of different labels/],
    [{ samples: 0 }, /found samples 0/],
    [{ samples: 1e9 }, /found samples 1000000000/],
    [{ features: undefined }, /found no features/],
    [{ sampleRate: 8000 }, /sampleRate of the model: expected the front end's, 16000, found 8000/],
    [
      { samples: 8000 },
      /expected one float32 input of 24 frames of 8 features, found "features" \[1, 49, 8\]/,
    ],
    [{ samples: 100 }, /expected one float32 input of 0 frames/],
    [{ features: { preset: "mfcc" } }, /no such preset/, "not-found"],
  ];
  for (const [change, message, code = "format"] of cases)
    await assert.rejects(KeywordModel.load(toneModel({ ...change })), { code, message });
  using model = await KeywordModel.load(toneModel({ labels: ["a", "b", "c"] }));
  await assert.rejects(model.classify(tone("low", 1)), {
    code: "format",
    message: /a float32 for each of 3 labels/,
  });
});

test("samples that are no numbers are an error that says where, and an abort its reason", async () => {
  using model = await KeywordModel.load(toneModel());
  const clip = tone("low", 1);
  clip[8000] = Number.NaN;
  await assert.rejects(model.classify(clip), { code: "argument", message: /sample 8000, at 0\.500 s/ });
  const signal = AbortSignal.abort(new Error("enough"));
  await assert.rejects(model.classify(silence(1), { signal }), /enough/);
});
