import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { calibrationFrom } from "./clips.ts";
import { type QuantizeOptions, quantize } from "./quantize.ts";
import { clipsFor, convolutional, GraphBuilder, noise, recurrent } from "./testing.ts";

function fails(
  model: Model,
  options: Partial<QuantizeOptions>,
  code: string,
  message: RegExp,
): Promise<void> {
  return assert.rejects(quantize(model, { scheme: "w8a8", calibration: clipsFor(model, 3), ...options }), {
    code,
    message,
  });
}

function changed(name: string, change: (data: Float32Array) => void): Model {
  const model = convolutional();
  change(model.graphs[0].constants.get(name)!.data as Float32Array);
  return model;
}

test("weights that are no numbers are named", () =>
  fails(
    changed("depth.w", (data) => (data[5] = Number.NaN)),
    {},
    "argument",
    /"depth\.w" of Conv "depth".*found NaN at 5/,
  ));

test("a constant tensor and a channel of zeros are quantized exactly", async () => {
  for (const model of [
    changed("point.w", (data) => data.fill(0.25)),
    changed("point.w", (data) => data.fill(0, 0, 8)),
  ])
    for (const scheme of ["w8a8", "w4a8", "article", "pow2", "w8-tensor"]) {
      const { report } = await quantize(model, { scheme, calibration: clipsFor(model, 3) });
      const { sqnrWeights } = report.layers[2];
      assert.ok(sqnrWeights === null || sqnrWeights > 15, `${scheme}: ${sqnrWeights}`);
    }
});

test("silence alone, as calibration, makes grids of steps of 1, not of nothing", async () => {
  const model = convolutional();
  const silence = {
    size: 2,
    feeds: () => ({ x: new Tensor("float32", new Float32Array(120), [1, 1, 12, 10]) }),
  };
  const { report } = await quantize(model, { scheme: "w8a8", calibration: silence });
  assert.ok(report.layers.every(({ range }) => range !== null && Number.isFinite(range.max)));
});

test("no clips where the scheme, the method or the budget needs them", async () => {
  const none = { calibration: undefined };
  const model = convolutional();
  await fails(
    model,
    none,
    "argument",
    /the scheme "w8a8": expected calibration clips, found none\. .*--calibrate/,
  );
  await fails(model, { ...none, scheme: "w8", method: "gptq" }, "argument", /the method "gptq": expected/);
  await fails(model, { ...none, scheme: "w8", budget: 1 }, "argument", /a budget: expected/);
  await fails(
    model,
    { calibration: clipsFor(model, 0) },
    "argument",
    /calibration clips: expected at least one/,
  );
  await assert.rejects(calibrationFrom(model, []), { code: "argument", message: /at least one recording/ });
});

test("a model that does not say what it hears cannot be given recordings", () =>
  assert.rejects(
    calibrationFrom(convolutional(), [
      { name: "a", load: async () => ({ samples: new Float32Array(9), sampleRate: 8000 }) },
    ]),
    { code: "format", message: /labels, samples and features/ },
  ));

test("recordings of another rate are resampled, said once each; short ones end in silence", async () => {
  const model: Model = {
    ...convolutional(),
    metadata: { task: "keywords", labels: ["a"], samples: 16_000, features: { preset: "tf-mfcc" } },
  };
  const graph = { ...model.graphs[0], inputs: [{ name: "x", dtype: "float32" as const, dims: [1, 49, 10] }] };
  const said: unknown[] = [];
  const set = await calibrationFrom(
    { ...model, graphs: [graph] },
    [8000, 16_000].map((sampleRate) => ({
      name: `${sampleRate}`,
      load: async () => ({ samples: noise(sampleRate / 2), sampleRate }),
    })),
    { onResample: (...parts) => said.push(parts) },
  );
  for (const index of [0, 1, 0, 1]) assert.deepEqual((await set.feeds(index)).x.dims, [1, 49, 10]);
  assert.deepEqual(said, [["8000", 8000, 16_000]]);
});

test("clips from which the model computes no numbers", async () => {
  const model = convolutional();
  const feeds = () => ({ x: new Tensor("float32", new Float32Array(120).fill(Number.NaN), [1, 1, 12, 10]) });
  await fails(model, { calibration: { size: 1, feeds } }, "argument", /the value "x".*finite numbers/);
});

test("a model without layers, and one whose layers are all kept", async () => {
  const b = new GraphBuilder();
  await fails(
    b.model([1, 4], b.add("y", "Relu", ["x"])),
    {},
    "unsupported",
    /nothing to quantize: expected layers/,
  );
  await fails(convolutional(), { keep: ["*"] }, "unsupported", /nothing to quantize.*found 4 that all are/);
});

test("a pattern that no layer matches", () =>
  fails(convolutional(), { keep: ["encoder/*"] }, "argument", /"encoder\/\*".*no layer like that among 4/));

test("what the scheme cannot do is named, and kept in float only if asked", async () => {
  const b = new GraphBuilder();
  const up = b.add("up", "ConvTranspose", ["x", b.weights("up.w", [8, 8, 3, 3])]);
  const model = b.model([1, 8, 5, 5], b.add("down", "Conv", [up, b.weights("down.w", [4, 8, 1, 1])]));
  await fails(
    model,
    {},
    "unsupported",
    /the scheme "w8a8" for ConvTranspose "up": found .*--keep-unsupported/,
  );
  const options = { scheme: "w8a8", calibration: clipsFor(model, 2) };
  const { report } = await quantize(model, { ...options, keepUnsupported: true });
  assert.deepEqual(
    report.kept.map(({ name, op }) => [name, op]),
    [["up", "ConvTranspose"]],
  );
  assert.equal((await quantize(model, { ...options, keep: ["up"] })).report.kept.length, 0);
  await fails(
    convolutional(),
    { scheme: "w4-block32" },
    "unsupported",
    /Conv "stem", and \d more layers.*blocks of 32/,
  );
});

test("names that are none", async () => {
  const model = recurrent("GRU");
  await fails(model, { scheme: "int8" }, "argument", /the scheme "int8"/);
  await fails(model, { method: "gptq+magic" }, "argument", /the method "gptq\+magic".*found "magic"/);
  await fails(model, { observer: "best" }, "argument", /the observer "best"/);
  await fails(model, { budget: -1 }, "argument", /the budget: expected 0 to 100 points, found -1/);
});

test("several graphs that feed each other cannot be calibrated by clips, but need none for weights alone", async () => {
  const { graphs, ...rest } = convolutional();
  const model = { ...rest, graphs: [graphs[0], { ...graphs[0], name: "second" }] };
  await fails(model, {}, "unsupported", /several graphs/);
  const { report } = await quantize(model, { scheme: "w8" });
  assert.equal(report.layers.length, 8);
});
