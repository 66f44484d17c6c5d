import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { writeOvx } from "../model/ovx.ts";
import { noise } from "../runtime/testing.ts";
import { Recognizer, type Segment } from "./recognizer.ts";
import { END, noisy, START, scripted } from "./testing.ts";

/** Says "yes no" to whatever it hears. */
const answer = scripted(["▁yes", "▁no"], { [START]: 2, 2: 3, 3: END });
/** Never ends: counts on and on, or repeats one word. */
const counting = scripted(
  Array.from({ length: 200 }, (_, i) => `▁${i}`),
  { [START]: 2, ...Object.fromEntries(Array.from({ length: 199 }, (_, i) => [i + 2, i + 3])) },
);
const repeating = scripted(["▁well", "▁no"], { [START]: 2, 2: 3, 3: 3 });

const load = (model: Model) => Recognizer.load(model, { kernels: "simd" });
/** Loud noise of so many seconds. */
const speech = (seconds: number) => noise(16_000 * seconds).map((x) => x / 2);

test("what the model says becomes text, and a segment from beginning to end", async () => {
  using recognizer = await load(answer);
  const { text, segments, audioSeconds, processingSeconds, rtf } = await recognizer.transcribe(speech(2));
  assert.equal(text, "yes no");
  assert.deepEqual(segments, [{ start: 0, end: 2, text: "yes no" }]);
  assert.equal(audioSeconds, 2);
  assert.equal(rtf, processingSeconds / 2);
});

test("longer audio is cut at pauses, and each piece becomes a segment with its times", async () => {
  using recognizer = await load(answer);
  const samples = speech(9);
  samples.fill(0, 16_000 * 2.9, 16_000 * 3.1);
  samples.fill(0, 16_000 * 6.4, 16_000 * 6.6);
  const seen: Segment[] = [];
  const progress: number[] = [];
  const { text, segments } = await recognizer.transcribe(samples, {
    onSegment: (segment) => seen.push(segment),
    onProgress: ({ done, total }) => progress.push(done / total),
  });
  assert.equal(text, "yes no yes no yes no");
  assert.deepEqual(seen, segments);
  assert.deepEqual(segments.map(({ start }) => start).slice(1), segments.map(({ end }) => end).slice(0, -1));
  assert.ok(Math.abs(segments[0].end - 3) < 0.1 && Math.abs(segments[1].end - 6.5) < 0.1);
  assert.equal(progress.at(-1), 1);
});

test("every set of kernels hears the same words, in a model in memory and in its packed file", async () => {
  const words = await Promise.all(
    (["reference", "simd", "relaxed"] as const).flatMap((kernels) =>
      [noisy(), writeOvx(noisy())].map(async (model) => {
        using recognizer = await Recognizer.load(model, { kernels });
        return (await recognizer.transcribe(speech(0.5), { sampleRate: 8000 })).text;
      }),
    ),
  );
  assert.ok(new Set(words[0].split(" ")).size > 2, words[0]);
  assert.deepEqual(new Set(words), new Set([words[0]]));
});

test("audio that is too long is cut into pieces shorter than what would still be heard at once", async () => {
  using recognizer = await load(scripted(["▁yes"], { [START]: 2, 2: END }, { pieceSeconds: 2 }));
  const pieces = async (seconds: number) => (await recognizer.transcribe(speech(seconds))).segments.length;
  assert.deepEqual([await pieces(3.9), await pieces(4.5)], [1, 3]);
});

test("silence and no audio at all give empty text", async () => {
  using recognizer = await load(answer);
  for (const samples of [new Float32Array(0), new Float32Array(20_000)]) {
    const { text, segments, rtf } = await recognizer.transcribe(samples);
    assert.deepEqual([text, segments], ["", []]);
    assert.ok(rtf < 1);
  }
});

test("a few samples are enough to be heard", async () => {
  using recognizer = await load(answer);
  assert.equal((await recognizer.transcribe(speech(0.02))).text, "yes");
});

test("another sampling rate changes times only as it should", async () => {
  using recognizer = await load(answer);
  const { segments, audioSeconds } = await recognizer.transcribe(speech(1), { sampleRate: 8000 });
  assert.equal(audioSeconds, 2);
  assert.deepEqual(segments, [{ start: 0, end: 2, text: "yes no" }]);
});

test("a decoder that never ends is stopped by the number of words anyone can say", async () => {
  using recognizer = await load(counting);
  const { text } = await recognizer.transcribe(speech(3));
  assert.equal(text.split(" ").length, 18);
});

test("a decoder that repeats itself is stopped, and the repetition dropped", async () => {
  using recognizer = await load(repeating);
  assert.equal((await recognizer.transcribe(speech(4))).text, "well no");
});

test("samples that are no numbers are an error that says where", async () => {
  using recognizer = await load(answer);
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const samples = speech(1);
    samples[8000] = bad;
    await assert.rejects(recognizer.transcribe(samples), {
      code: "argument",
      message: /sample 8000, at 0\.500 s/,
    });
  }
});

test("recordings that are handed in together come out as they do one by one", async () => {
  using recognizer = await load(noisy());
  const clips = [3, 9, 5].map(speech);
  const apart: string[] = [];
  for (const clip of clips) apart.push((await recognizer.transcribe(clip)).text);
  const together = await Promise.all(clips.map((clip) => recognizer.transcribe(clip)));
  assert.deepEqual(
    together.map(({ text }) => text),
    apart,
  );
  assert.equal(new Set(apart).size, 3);
});

test("an abort ends it between pieces, with the reason given", async () => {
  using recognizer = await load(answer);
  const control = new AbortController();
  const run = recognizer.transcribe(speech(40), {
    signal: control.signal,
    onSegment: () => control.abort(new Error("enough")),
  });
  await assert.rejects(run, /enough/);
  assert.equal((await recognizer.transcribe(speech(1))).text, "yes no");
});

test("after dispose it says that it is gone", async () => {
  const recognizer = await load(answer);
  recognizer.dispose();
  await assert.rejects(recognizer.transcribe(speech(1)), { code: "state" });
  recognizer.dispose();
});

test("a model that is no recogniser is refused, saying what it lacks", async () => {
  const { graphs, metadata, opset } = answer;
  const [encoder, step] = graphs;
  const settings = (change: object): Model => ({
    ...{
      graphs,
      opset,
      metadata: { ...metadata, recognizer: { ...(metadata.recognizer as object), ...change } },
    },
  });
  const cases: readonly [Model, RegExp][] = [
    [{ graphs: [encoder], metadata, opset }, /found no graph "step"/],
    [{ graphs: [{ ...encoder, inputs: [] }, step], metadata, opset }, /inputs of "encoder" of type none/],
    [
      { graphs: [encoder, { ...step, inputs: [...step.inputs, ...encoder.outputs] }], metadata, opset },
      /inputs of "step" of type float32, int64, not int64/,
    ],
    [{ graphs: [encoder, { ...step, outputs: [] }], metadata, opset }, /no output of "step"/],
    [{ graphs, metadata: { ...metadata, vocabulary: undefined }, opset }, /found no vocabulary/],
    [{ graphs, metadata: { ...metadata, vocabulary: ["a", 1] }, opset }, /found no vocabulary/],
    [
      { graphs, metadata: { ...metadata, recognizer: { sampleRate: 16_000 } }, opset },
      /found no startToken, endToken/,
    ],
    [settings({ sampleRate: 0 }), /found sampleRate 0, not 1000 to 384000/],
    [settings({ minSeconds: 1e12 }), /found minSeconds 1000000000000/],
    [settings({ maxSeconds: Number.NaN }), /found maxSeconds NaN/],
    [settings({ tokensPerSecond: -1 }), /found tokensPerSecond -1/],
  ];
  for (const [model, message] of cases) await assert.rejects(load(model), { code: "format", message });
});
