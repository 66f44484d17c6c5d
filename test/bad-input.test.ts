// Whatever bytes come in: they work, or there is an OctavoxError; never another error, never a wait, never memory
// out of proportion. Files are changed at random places, the same ones in every run.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { importOnnx } from "../src/import/onnx/import.ts";
import { node, onnxFile, value } from "../src/import/onnx/test-files.ts";
import { readModel } from "../src/import.ts";
import { decodeAudio, InferenceSession, OctavoxError, Recognizer, Tensor } from "../src/index.ts";
import type { Model, Node } from "../src/model/graph.ts";
import { writeOvx } from "../src/model/ovx.ts";
import { optimise } from "../src/passes/optimise.ts";
import { noise, smallModel } from "../src/runtime/testing.ts";

const root = join(import.meta.dirname, "..");
/** Changed files for each kind. */
const TRIES = 300;
/** Milliseconds, and bytes beyond what was in use. */
const [LONGEST, MOST_GROWTH] = [1000, 100e6];

function* randomNumbers(seed: number): Generator<number, never> {
  for (let state = seed; ; yield state / 0x7fffffff)
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
}

/** A few bytes set, flipped, cut off, repeated or made huge. */
function damage(bytes: Uint8Array, numbers: Generator<number, never>): Uint8Array {
  const next = (below: number) => Math.floor(numbers.next().value * below);
  // Headers are where a change does most.
  const place = () => next(next(2) ? bytes.length : Math.min(bytes.length, 256));
  const changed = Uint8Array.from(bytes);
  const ways = [
    () => changed.subarray(0, place()),
    () => Uint8Array.from([...changed.subarray(0, 400), ...changed.subarray(place())]),
    () => changed.fill(255, ...[place()].flatMap((at) => [at, at + 1 + next(8)])),
    () => changed.fill(0, ...[place()].flatMap((at) => [at, at + 1 + next(8)])),
    () => {
      for (let count = 1 + next(4); count > 0; count--) changed[place()] = next(256);
      return changed;
    },
  ];
  return ways[next(ways.length)]();
}

async function survives(what: string, run: () => unknown): Promise<boolean> {
  const [started, before] = [performance.now(), process.memoryUsage.rss()];
  let refused = false;
  try {
    await run();
  } catch (error) {
    assert.ok(error instanceof OctavoxError, `${what}: ${(error as Error).stack}`);
    refused = true;
  }
  assert.ok(performance.now() - started < LONGEST, `${what} took ${performance.now() - started} ms`);
  const growth = process.memoryUsage.rss() - before;
  assert.ok(growth < MOST_GROWTH, `${what} took ${growth} bytes`);
  return refused;
}

const network = onnxFile({
  name: "net",
  input: [value("x", ["n", 4n])],
  initializer: [{ name: "w", dims: [4n, 3n], dataType: 1, rawData: new Uint8Array(48).fill(63) }],
  node: [node("MatMul: x w → m", { name: "product" }), node("Relu: m → y", { name: "limit" })],
  output: [value("y", ["n", 3n])],
});

async function runOnce(model: Parameters<typeof InferenceSession.create>[0]): Promise<void> {
  using session = await InferenceSession.create(model);
  await session.run({ x: new Tensor("float32", new Float32Array(8), [2, 4]) });
}

const kinds: readonly { name: string; bytes: Uint8Array; use(bytes: Uint8Array): unknown }[] = [
  {
    name: "a WAV file",
    bytes: readFileSync(join(root, "samples/ship.wav")),
    use: (bytes) => decodeAudio(bytes),
  },
  {
    name: "an ONNX file",
    bytes: network,
    use: async (bytes) => {
      const model = importOnnx(bytes);
      await runOnce({ ...model, graphs: model.graphs.map((graph) => optimise(graph, model)) });
    },
  },
  {
    name: "a packed file",
    bytes: writeOvx(importOnnx(network)),
    use: runOnce,
  },
];

describe("a file that was changed at random", () => {
  for (const { name, bytes, use } of kinds)
    test(name, async (t) => {
      assert.equal(await survives("unchanged", () => use(bytes)), false);
      const numbers = randomNumbers(7);
      let refused = 0;
      for (let i = 0; i < TRIES; i++) {
        const changed = damage(bytes, numbers);
        if (await survives(`change ${i}`, () => use(changed))) refused++;
      }
      t.diagnostic(`${name}: ${refused} of ${TRIES} changed files refused`);
      assert.ok(refused > TRIES / 10);
    });

  test("a FLAC file", { skip: !existsSync(flacFolder()) && "../shared/data is not there" }, async (t) => {
    const name = readdirSync(flacFolder()).find((entry) => entry.endsWith(".flac"))!;
    const bytes = readFileSync(join(flacFolder(), name));
    assert.equal(await survives("unchanged", () => decodeAudio(bytes)), false);
    const numbers = randomNumbers(11);
    let refused = 0;
    for (let i = 0; i < TRIES; i++) {
      const changed = damage(bytes, numbers);
      if (await survives(`change ${i}`, () => decodeAudio(changed))) refused++;
    }
    t.diagnostic(`a FLAC file: ${refused} of ${TRIES} changed files refused`);
    assert.ok(refused > TRIES / 10);
  });
});

/** Values that some attribute, somewhere, does not expect. */
const odd = [0, -1, 1, 2, 5, 1.5, 1e9, -1e9, 2 ** 40, Number.NaN, "x", [], [0, 0], [-1, 5], [1e9, 0]];
const operators =
  "Attention ConvFloat Concat Slice Transpose RotaryEmbedding MatMul GroupNorm Gather Range Shape Expand Pad If LSTM " +
  "Conv Split Tile Einsum Unsqueeze Reshape OneHot constructor __proto__";

/** The small speech model with one node, input or constant changed. */
function changedModel(numbers: Generator<number, never>): Model {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(numbers.next().value * list.length)];
  const model = smallModel();
  const graph = pick(model.graphs);
  const node = pick(graph.nodes);
  const names = [...graph.constants.keys(), ...graph.nodes.flatMap(({ outputs }) => outputs), ""];
  const attribute = pick([...Object.keys(node.attributes), "axis"]);
  const changes: readonly (() => Partial<Node>)[] = [
    () => ({ attributes: { ...node.attributes, [attribute]: pick(odd) } }),
    () => ({ inputs: node.inputs.with(node.inputs.indexOf(pick(node.inputs)), pick(names)) }),
    () => ({ inputs: node.inputs.slice(0, -1) }),
    () => ({ outputs: ["", ...node.outputs] }),
    () => ({ op: pick(operators.split(" ")) }),
  ];
  const nodes = graph.nodes.with(graph.nodes.indexOf(node), { ...node, ...pick(changes)() });
  return { ...model, graphs: model.graphs.with(model.graphs.indexOf(graph), { ...graph, nodes }) };
}

async function speak(model: Model): Promise<void> {
  using session = await InferenceSession.create(model);
  const token = new Tensor("int64", [1], [1, 1]);
  const samples = new Tensor("float32", noise(200), [1, 200]);
  await session.run({ samples }, { graph: "encoder" });
  for (let step = 0; step < 2; step++) await session.run({ token }, { graph: "step" });
}

test("a model of which one node was changed at random", async (t) => {
  assert.equal(await survives("unchanged", () => speak(smallModel())), false);
  const numbers = randomNumbers(13);
  let refused = 0;
  for (let i = 0; i < TRIES; i++) {
    const changed = changedModel(numbers);
    if (await survives(`change ${i}`, () => speak(changed))) refused++;
  }
  t.diagnostic(`${refused} of ${TRIES} changed models refused`);
  assert.ok(refused > TRIES / 10);
});

function flacFolder(): string {
  return join(root, "../shared/data/librispeech_test_other_dev");
}

describe("what is no model says so", () => {
  const cases: readonly [what: string, bytes: Uint8Array, message: RegExp][] = [
    ["nothing", new Uint8Array(0), /^m: not an ONNX model.*found an empty file/],
    ["text", new TextEncoder().encode("hello, this is a letter"), /^m: not an ONNX model/],
    ["a sound", readFileSync(join(root, "samples/ship.wav")), /^m: not an ONNX model/],
    ["half of one", network.subarray(0, 40), /^m: /],
    ["half of a packed one", writeOvx(smallModel()).subarray(0, 5000), /^m: the packed file is cut short/],
  ];
  for (const [what, bytes, message] of cases)
    test(what, () => assert.throws(() => readModel(bytes, { file: "m" }), { name: "OctavoxError", message }));
});

describe("a model that cannot run says why", () => {
  const broken = (nodes: ReturnType<typeof node>[], output = "y") =>
    onnxFile({ name: "net", input: [value("x", [2n, 4n])], node: nodes, output: [value(output, [])] });

  test("an operator that octavox has not, with its node", async () => {
    const model = importOnnx(broken([node("Mystery: x → y", { name: "odd one" })]));
    await assert.rejects(runOnce(model), {
      code: "unsupported",
      message: /operator Mystery of node "odd one"/,
    });
  });

  test("a cycle", () => {
    const cyclic = broken(
      [node("Add: x b → a", { name: "first" }), node("Neg: a → b", { name: "second" })],
      "b",
    );
    assert.throws(() => importOnnx(cyclic), { code: "format", message: /cycle|each other|circle/i });
  });

  test("sizes that do not fit", async () => {
    const [graph] = importOnnx(network).graphs;
    const wide = {
      ...graph,
      constants: new Map([["w", new Tensor("float32", new Float32Array(15), [5, 3])]]),
    };
    await assert.rejects(runOnce({ graphs: [wide], opset: 17, metadata: {} }), {
      code: "shape",
      message: /product/,
    });
  });

  test("sizes that no memory holds, before any is taken", async () => {
    const huge = { name: "w", dims: [1n << 20n, 1n << 20n], dataType: 1, rawData: new Uint8Array(16) };
    const bytes = onnxFile({
      name: "net",
      initializer: [huge],
      node: [node("Neg: w → y")],
      output: [value("y", [])],
    });
    assert.ok(await survives("a huge constant", () => importOnnx(bytes)));
  });

  test("a model that is no recogniser", async () => {
    await assert.rejects(Recognizer.load(smallModel()), {
      code: "format",
      message: /not a speech recogniser/,
    });
  });
});
