import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { readOvx, writeOvx } from "../model/ovx.ts";
import { simplify } from "../passes/simplify.ts";
import { runGraph } from "../reference/run.ts";
import { InferenceSession } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { sqnr } from "./error.ts";
import { type QuantizeOptions, quantize } from "./quantize.ts";
import { poorLayers } from "./report.ts";
import { clipsFor, convolutional, noise, recurrent } from "./testing.ts";

const models: readonly [name: string, model: Model][] = [
  ["convolutions", convolutional()],
  ["an LSTM", recurrent("LSTM")],
  ["a GRU", recurrent("GRU")],
];

/** Signal to noise of the quantized model's outputs, on clips that calibration did not see. */
function quality(model: Model, quantized: Model): number {
  const set = clipsFor(model, 40);
  const output = model.graphs[0].outputs[0].name;
  const [a, b] = [model, quantized].map(({ graphs: [graph], opset }) =>
    [20, 21, 22, 23, 24, 25].flatMap((i) => [
      ...runGraph(graph, set.feeds(i) as Record<string, Tensor>, opset)[output].numbers(),
    ]),
  );
  return sqnr(a, b);
}

function run(model: Model, scheme: string, options: Partial<QuantizeOptions> = {}) {
  return quantize(model, { scheme, calibration: clipsFor(model, 16), ...options });
}

const least: readonly [scheme: string, decibels: number][] = [
  ["w16a16", 55],
  ["w8a16", 34],
  ["w8a8", 28],
  ["w8a8-dynamic", 28],
  ["w8", 34],
  ["article", 24],
  ["article12", 48],
  ["pow2", 16],
  ["w6a8", 20],
  ["w4a8", 8],
  ["w4-block8", 8],
];

for (const [name, model] of models)
  test(`${name}: every scheme keeps the answers, the better the more bits`, async () => {
    for (const [scheme, decibels] of least) {
      if (name !== "convolutions" || scheme !== "w4-block8") {
        const { model: quantized } = await run(model, scheme);
        const found = quality(model, quantized);
        assert.ok(found > decibels, `${scheme}: ${found} dB`);
      }
    }
  });

test("a session computes the bits of the reference", async () => {
  for (const [, model] of models) {
    const { model: quantized } = await run(model, "w8a8");
    const feeds = clipsFor(model, 30).feeds(29) as Record<string, Tensor>;
    using session = await InferenceSession.create(quantized);
    const output = model.graphs[0].outputs[0].name;
    const [a, b] = [
      (await session.run(feeds))[output],
      runGraph(quantized.graphs[0], feeds, quantized.opset)[output],
    ];
    assert.deepEqual(a.data, b.data);
  }
});

test("weights are in the file as integers: a quarter, or an eighth, of the bytes and little more", async () => {
  for (const [scheme, type, ratio] of [
    ["w8a8", "int8", 2.3],
    ["w4a8-tensor", "int4", 4.5],
  ] as const) {
    const model = recurrent("LSTM");
    const { model: quantized, report } = await run(model, scheme);
    const back = readOvx(writeOvx(quantized));
    const types = [...back.graphs[0].constants].filter(([name]) => name.endsWith("/quantized"));
    assert.deepEqual(
      types.map(([, { dtype }]) => dtype),
      [type, type, type],
    );
    assert.ok(![...back.graphs[0].constants.keys()].includes("w"), "and the floats are gone");
    assert.ok(report.bytesBefore / report.bytesAfter > ratio, `${report.bytesBefore / report.bytesAfter}`);
    assert.deepEqual(quality(model, back), quality(model, quantized));
  }
});

test("between layers nothing is left in float: every layer reads grids, and so do additions and pooling", async () => {
  const { model } = await run(convolutional(), "w8a8");
  const [graph] = model.graphs;
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  for (const node of graph.nodes.filter(({ op }) =>
    ["Conv", "Gemm", "Add", "GlobalAveragePool", "Flatten"].includes(op),
  ))
    for (const input of node.inputs.slice(0, 2))
      if (!graph.constants.has(input))
        assert.equal(
          producers.get(input)?.op,
          "DequantizeLinear",
          `${node.op} "${node.name}" reads ${input}`,
        );
  const scaleOf = (value: string) => graph.constants.get(producers.get(value)!.inputs[1])!.data[0];
  const [pool, flat, head] = ["pool", "flat", "head"].map(
    (name) => graph.nodes.find((node) => node.name === name)!,
  );
  assert.equal(scaleOf(flat.inputs[0]), scaleOf(head.inputs[0]), "what is only moved keeps its grid");
  assert.notEqual(scaleOf(pool.inputs[0]), scaleOf(head.inputs[0]));
});

test("better methods lose less at four bits", async () => {
  for (const [, model] of models) {
    const found: Record<string, number> = {};
    for (const method of ["nearest", "mse", "gptq+bias", "adaround+bias"])
      found[method] = quality(model, (await run(model, "w4a16", { method })).model);
    for (const method of ["gptq+bias", "adaround+bias"])
      assert.ok(found[method] > found.nearest, `${method}: ${JSON.stringify(found)}`);
  }
});

test("equalized, a model computes what it did, and loses less with one scale for a tensor", async () => {
  const model = convolutional();
  // Channels of very different size, which the next layer makes up for.
  const [depth, bias, point] = ["depth.w", "depth.b", "point.w"].map(
    (name) => model.graphs[0].constants.get(name)!.data as Float32Array,
  );
  depth.forEach((value, i) => {
    depth[i] = value * 3 ** (Math.floor(i / 9) - 4);
  });
  bias.forEach((value, i) => {
    bias[i] = value * 3 ** (i - 4);
  });
  point.forEach((value, i) => {
    point[i] = value * 3 ** (4 - (i % 8));
  });
  const { model: exact } = await run(model, "w16a16", { method: "equalize" });
  assert.ok(quality(model, exact) > 60);
  const [plain, equalized] = await Promise.all(
    ["nearest", "nearest+equalize"].map((method) => run(model, "w8a16-tensor", { method })),
  );
  assert.ok(quality(model, equalized.model) > quality(model, plain.model) + 10);
});

test("the report says for every layer what it lost, and names the poor ones", async () => {
  const { report } = await run(convolutional(), "w8a8");
  assert.deepEqual(
    report.layers.map(({ name, op, bits }) => [name, op, bits]),
    [
      ["stem", "Conv", 8],
      ["depth", "Conv", 8],
      ["point", "Conv", 8],
      ["head", "Gemm", 8],
    ],
  );
  for (const { sqnrWeights, sqnrInput, sqnrOutput, saturated, bytesBefore, bytesAfter } of report.layers) {
    assert.ok(sqnrWeights! > 35 && sqnrInput! > 30 && sqnrOutput! > 25);
    assert.ok(saturated < 0.01 && bytesAfter < bytesBefore);
  }
  assert.equal(report.agreement?.clips, 16);
  const { report: coarse } = await run(convolutional(), "w2a8");
  assert.ok(poorLayers(coarse).length > 0);
  assert.equal(
    coarse.layers[1].note,
    "8-bit weights",
    "depthwise layers keep eight bits, and the report says so",
  );
});

test("a budget buys back what it needs: fewer bits disagree, the budget does not", async () => {
  const model = convolutional();
  const { report: coarse } = await run(model, "w2a8-tensor", { method: "nearest" });
  const { report } = await run(model, "w2a8-tensor", { method: "nearest", budget: 0 });
  assert.ok(coarse.agreement!.disagreement! > 0);
  assert.equal(report.agreement!.disagreement, 0);
  assert.equal(report.sensitivity?.length, 4);
  assert.ok(report.layers.some(({ note }) => note !== undefined));
});

test("kept layers stay as they were, by name, operator or role; rules give others", async () => {
  const { report } = await run(convolutional(), "w8a8", {
    keep: ["st*", "@last"],
    rules: [{ layers: "point", scheme: { weights: { bits: 4, symmetric: true, granularity: "channel" } } }],
  });
  assert.deepEqual(
    report.layers.map(({ bits, activationBits }) => [bits, activationBits]),
    [
      [32, 32],
      [8, 8],
      [4, 32],
      [32, 32],
    ],
  );
});

test("memory does not grow with the clips, and an abort is heard between them", async () => {
  const model = convolutional();
  const controller = new AbortController();
  let [asked, stages] = [0, new Set<string>()];
  const calibration = {
    size: 1000,
    feeds: (index: number) => {
      if (++asked === 5) controller.abort(new Error("enough"));
      return clipsFor(model, 1000).feeds(index);
    },
  };
  const onProgress = ({ stage }: { stage: string }) => void (stages = stages.add(stage));
  await assert.rejects(
    quantize(model, { scheme: "w8a8", calibration, signal: controller.signal, onProgress }),
    /enough/,
  );
  assert.equal(asked, 5);
  assert.deepEqual([...stages], ["observing"]);
});

test("batch normalisation and constants between layers vanish into them", () => {
  const model = convolutional();
  const { constants, nodes } = model.graphs[0];
  const vector = (values: Float32Array) => new Tensor("float32", values, [8]);
  const parts = ["scale", "bias", "mean"].map((_, i) => vector(noise(8, 50 + i)));
  const all = [...parts, vector(noise(8, 60).map((x) => x * x + 0.5))];
  all.forEach((tensor, i) => {
    (constants as Map<string, Tensor>).set(`bn${i}`, tensor);
  });
  const at = nodes.findIndex(({ name }) => name === "point");
  const own = nodes.map((node) => (node.name === "point" ? { ...node, outputs: ["raw"] } : node));
  own.splice(at + 1, 0, {
    ...{ name: "norm", op: "BatchNormalization", inputs: ["raw", "bn0", "bn1", "bn2", "bn3"] },
    ...{ outputs: ["point"], attributes: { epsilon: 0.001 } },
  });
  const graph = { ...model.graphs[0], nodes: own };
  const simple = simplify(graph, 21);
  assert.ok(!simple.nodes.some(({ op }) => op === "BatchNormalization"));
  const feeds = clipsFor(model, 2).feeds(1) as Record<string, Tensor>;
  const [a, b] = [graph, simple].map((each) => runGraph(each, feeds, 21).head.numbers());
  a.forEach((value, i) => {
    assert.ok(Math.abs(value - b[i]) < 1e-5);
  });
});
