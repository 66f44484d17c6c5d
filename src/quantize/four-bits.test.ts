import assert from "node:assert/strict";
import { test } from "node:test";
import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";
import { readOvx, writeOvx } from "../model/ovx.ts";
import { graph, noise, scalar } from "../passes/testing-text.ts";
import { InferenceSession } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type BlockProblem, fitBlocks } from "./blocks.ts";
import { sqnr } from "./error.ts";
import { quantizeWeights } from "./four-bits.ts";
import { gptqBlocks } from "./methods/gptq-blocks.ts";
import { InputMoments } from "./moments.ts";
import type { LayerReport } from "./report.ts";

const [K, N] = [80, 24];
const weights = noise([K, N]).data.map((x, i) => (x * (1 + (i % 7))) / 8) as Float32Array;
const problem: BlockProblem = { values: weights, k: K, n: N, block: 32, storedScale: Math.fround };

/** K×N floats that integers and scales stand for. */
const restored = ({ q, scales }: ReturnType<typeof fitBlocks>, block = 32): Float32Array =>
  Float32Array.from(q, (x, i) => x * scales[Math.floor(Math.floor(i / N) / block) * N + (i % N)]);

test("blocks: integers of 4 bits, 18 dB and better, a scale for every block of every column", () => {
  const found = fitBlocks(problem);
  assert.equal(found.scales.length, 3 * N);
  assert.ok(found.q.every((x) => x >= -8 && x <= 7));
  assert.ok(sqnr(weights, restored(found)) > 18, `${sqnr(weights, restored(found))} dB`);
});

test("blocks: what 4 bits can say exactly is said exactly, on either side of zero", () => {
  for (const sign of [1, -1]) {
    // Every block has all sixteen of them.
    const integer = (i: number) => ((Math.floor(i / N) * 5 + i) % 16) - 8;
    const values = Float32Array.from({ length: K * N }, (_, i) => sign * 0.25 * integer(i) + 0);
    assert.deepEqual(
      restored(fitBlocks({ ...problem, values })).map((x) => x + 0),
      values,
    );
  }
  const none = fitBlocks({ ...problem, values: new Float32Array(K * N) });
  assert.ok(none.q.every((x) => x === 0) && none.scales.every((x) => x === 0));
});

test("GPTQ lowers the error of the output where inputs go together", () => {
  const moments = new Float64Array(K * K);
  const rows = noise([200, K], 3).data;
  for (let r = 0; r < 200; r++)
    for (let i = 0; i < K; i++)
      for (let j = 0; j < K; j++) {
        const at = (k: number) => rows[r * K + k] + 2 * rows[r * K + (k % 5)];
        moments[i * K + j] += (at(i) * at(j)) / 200;
      }
  const cost = (found: ReturnType<typeof fitBlocks>): number => {
    const error = restored(found).map((x, i) => x - weights[i]);
    let sum = 0;
    for (let n = 0; n < N; n++)
      for (let i = 0; i < K; i++)
        for (let j = 0; j < K; j++) sum += error[i * N + n] * moments[i * K + j] * error[j * N + n];
    return sum;
  };
  const [nearest, corrected] = [fitBlocks(problem), gptqBlocks({ ...problem, moments })].map(cost);
  assert.ok(corrected < 0.6 * nearest, `${corrected} against ${nearest}`);
});

/** A table that the logits share, an integer product and a float one. */
const model = (): Model => {
  const table = new Tensor(
    "int8",
    Int8Array.from(noise([K * N]).data, (x) => Math.round(x * 60)),
    [K, N],
  );
  const one = graph({
    inputs: { i: { dtype: "int64", dims: ["rows"] } },
    constants: { w: table, s: scalar(0.01), z: new Tensor("int8", [3], []), v: noise([K, K], 5) },
    nodes: [
      "GatherDequantize: w s z i → x",
      "MatMul: x v → h",
      "DynamicQuantizeLinear: h → q qs qz",
      "MatMulIntegerToFloat: q w qs s qz z → y",
    ],
  });
  return { graphs: [one], opset: 17, metadata: {} };
};

const indices = { i: new Tensor("int64", [0n, 5n, 23n, -1n] as never, [4]) };
const run = async (source: Model | Uint8Array, options = {}): Promise<Float32Array> => {
  using session = await InferenceSession.create(source, options);
  return (await session.run(indices)).y.data as Float32Array;
};

test("a model's matrices become 4-bit ones, the shared table once; the file holds half, and runs the same everywhere", async () => {
  const before = model();
  const moments = new InputMoments();
  const wanted = await run(before, { observe: moments });
  for (const options of [{}, { moments }]) {
    const file = writeOvx(await quantizeWeights(before, { bits: 4, ...options }));
    const { constants, nodes } = readOvx(file).graphs[0];
    assert.deepEqual(nodes.map(({ op }) => op).sort(), [
      "DynamicQuantizeLinear",
      "DynamicQuantizeLinear",
      "GatherBlocks",
      "MatMulBlocksToFloat",
      "MatMulBlocksToFloat",
    ]);
    assert.equal([...constants.values()].filter(({ dtype }) => dtype === "uint8").length, 2);
    const found = await run(file);
    assert.ok(sqnr(wanted, found) > 12, `${sqnr(wanted, found)} dB`);
    for (const kernels of ["reference", "simd"] as const)
      assert.deepEqual(await run(file, { kernels }), found);
  }
});

test("what is quantized can come from a packed file", async () => {
  const packed = readOvx(writeOvx(await quantizeWeights(model(), { bits: 4, keep: ["y"] })));
  const [once, twice] = await Promise.all(
    [model(), packed].map((each) => quantizeWeights(each, { bits: 4 })),
  );
  assert.deepEqual(await run(twice), await run(once));
});

test("a layer that is kept keeps the table it shares", async () => {
  const { graphs } = await quantizeWeights(model(), { bits: 4, keep: ["GatherDequantize"] });
  const ops = graphs[0].nodes.map(({ op }) => op);
  assert.ok(ops.includes("MatMulIntegerToFloat") && ops.includes("GatherDequantize"));
  assert.ok(ops.includes("MatMulBlocksToFloat"));
});

test("the matrix whose results suffer most stays, if it is small enough, and the report says so", async () => {
  const quantized = async (spare: number) => {
    const layers: LayerReport[] = [];
    const onLayer = (layer: LayerReport) => void layers.push(layer);
    const { graphs } = await quantizeWeights(model(), { bits: 4, spare, onLayer });
    const left = graphs[0].nodes.filter(({ op }) => op === "MatMul" || op === "MatMulIntegerToFloat");
    return { left: left.length, layers };
  };
  const none = await quantized(0.1);
  assert.equal(none.left, 0);
  assert.deepEqual(
    none.layers.map(({ op, bits, bytesBefore, bytesAfter, bytesScales }) => [
      ...[op, bits, bytesBefore, bytesAfter, bytesScales],
    ]),
    [
      ["GatherDequantize", 4, K * N, (K * N) / 2, 3 * N * 2],
      ["MatMul", 4, 4 * K * K, (K * K) / 2, 3 * K * 2],
    ],
  );
  const one = await quantized(0.8);
  assert.equal(one.left, 1);
  assert.equal(one.layers.filter(({ note }) => note !== undefined).length, 1);
});

test("options that make no sense, patterns that match nothing, models without weights: errors that say so", async () => {
  const fails = async (code: string, change: object, source = model()): Promise<void> =>
    assert.rejects(
      quantizeWeights(source, { bits: 4, ...change }),
      (error) => error instanceof OctavoxError && error.code === code,
    );
  await fails("argument", { bits: 3 });
  await fails("argument", { block: 12 });
  await fails("argument", { block: 8192 });
  await fails("argument", { spare: 1 });
  await fails("argument", { keep: ["nothing*"] });
  await fails(
    "unsupported",
    {},
    { ...model(), graphs: [graph({ inputs: { x: [3] }, nodes: ["Neg: x → y"] })] },
  );
});
