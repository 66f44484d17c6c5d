// What the quantizer writes, made ready for a file and run: on integers, with the same bits from all kernels.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { readOvx, writeOvx } from "../model/ovx.ts";
import { prepareModel } from "../passes/prepare.ts";
import { runGraph } from "../reference/run.ts";
import type { KernelChoice } from "../runtime/choose.ts";
import { InferenceSession } from "../runtime/session.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sqnr } from "./error.ts";
import { quantize } from "./quantize.ts";
import { clipsFor, convolutional, recurrent } from "./testing.ts";

const models: readonly [name: string, model: Model][] = [
  ["convolutions", convolutional()],
  ["an LSTM", recurrent("LSTM")],
  ["a GRU", recurrent("GRU")],
];
const schemes = [
  "w8a8",
  "w8a8-cell16",
  "w4a8",
  "w8a16",
  "w4a16",
  "w16a16",
  "w8",
  "w4",
  "w8a8-dynamic",
  "article6",
  "pow2",
];

async function packed(model: Model, scheme: string): Promise<{ simulation: Model; file: Model }> {
  const { model: simulation } = await quantize(model, { scheme, calibration: clipsFor(model, 16) });
  return { simulation, file: readOvx(writeOvx(prepareModel(simulation, { keepIntegers: true }))) };
}

const feedsOf = (model: Model): Record<string, Tensor>[] =>
  [20, 21, 22, 23].map((i) => clipsFor(model, 40).feeds(i) as Record<string, Tensor>);

async function outputs(model: Model, feeds: Record<string, Tensor>[], kernels?: KernelChoice) {
  using session = await InferenceSession.create(model, kernels ? { kernels } : {});
  const all: number[] = [];
  for (const each of feeds) all.push(...Object.values(await session.run(each))[0].numbers());
  return all;
}

for (const [name, model] of models)
  test(`${name}: every scheme gives the same bits with every kernel, and the simulation's answers nearly`, async () => {
    // Blocks of 8 are more than a convolution's channels here.
    const blocks = name === "convolutions" ? [] : ["w4a8-block8", "w4-block8"];
    for (const scheme of [...schemes, ...blocks]) {
      const { simulation, file } = await packed(model, scheme);
      const feeds = feedsOf(model);
      const [reference, simd, best] = await Promise.all(
        (["reference", "simd", undefined] as const).map((kernels) => outputs(file, feeds, kernels)),
      );
      assert.deepEqual(simd, reference, `${scheme}, simd`);
      assert.deepEqual(best, reference, `${scheme}, the best there are`);
      const [output] = model.graphs[0].outputs;
      const expected = feeds.flatMap((each) =>
        runGraph(simulation.graphs[0], each, simulation.opset)[output.name].numbers(),
      );
      const found = sqnr(expected, reference);
      assert.ok(found > 25, `${scheme}: ${found} dB`);
    }
  });

test("weights on up to 4 bits take 4 bits in the file, whatever operator reads them", async () => {
  for (const [, model] of models) {
    const { file } = await packed(model, "w3a8");
    const matrices = [...file.graphs[0].constants].filter(([name]) => name.endsWith("/matrix"));
    const bits = matrices.map(([name, { dtype }]) => (name.startsWith("depth") ? "spared" : dtype));
    assert.ok(bits.includes("int4") && !bits.includes("int8"), `${bits}`);
  }
});
