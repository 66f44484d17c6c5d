import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { OctavoxError } from "../../errors.ts";
import { resolvePreset } from "../../features/resolve.ts";
import { writeOvx } from "../../model/ovx.ts";
import { onnxFile, node as onnxNode, value } from "../onnx/test-files.ts";
import { readModel } from "../read.ts";
import { importTensorflow, isGraphDef } from "./import.ts";
import { floats, graphFile, imported, input, ints, type NodeInit, node, real, type } from "./testing.ts";

const frontEnd = ({ wav = {}, spectrogram = {}, mfcc = {} } = {}): NodeInit[] => [
  node("Placeholder wav", { dtype: type(7) }),
  node("DecodeWav decoded: wav", { desired_samples: 8000, desired_channels: 1, ...wav }),
  node("AudioSpectrogram spectrum: decoded", {
    ...{ window_size: 400, stride: 160, magnitude_squared: true },
    ...spectrogram,
  }),
  node("Mfcc mfcc: spectrum decoded:1", {
    dct_coefficient_count: 12,
    upper_frequency_limit: real(7000),
    ...mfcc,
  }),
];

const dense = [input("x", [1, 4]), floats("w", new Array(12).fill(0.5), [4, 3]), node("MatMul y: x w")];

test("the format is told by the first bytes", () => {
  const file = graphFile(dense);
  const network = onnxFile({
    name: "n",
    input: [value("x", [1n])],
    node: [onnxNode("Neg: x → y")],
    output: [value("y", [])],
  });
  assert.ok(isGraphDef(file));
  for (const other of [
    network,
    writeOvx(imported(dense)),
    new TextEncoder().encode("\nnode { }"),
    new Uint8Array(0),
  ])
    assert.ok(!isGraphDef(other));
  assert.deepEqual(readModel(file).graphs[0].outputs, [{ name: "y", dtype: "float32", dims: [1, 3] }]);
});

describe("the front end in a graph", () => {
  test("becomes metadata that octavox's front ends understand, and the graph begins with its result", () => {
    const { graphs, metadata } = imported([...frontEnd(), node("Neg y: mfcc")]);
    // 1 + ⌊(8000 − 400)/160⌋ frames
    assert.deepEqual(graphs[0].inputs, [{ name: "mfcc", dtype: "float32", dims: [1, 48, 12] }]);
    assert.deepEqual(metadata, {
      ...{ producer: "tensorflow", task: "keywords", samples: 8000 },
      features: {
        ...{ preset: "tf-mfcc", window: { length: 400 }, hop: 160, fft: 512 },
        ...{ mel: { bands: 40, low: 20, high: 7000 }, dct: { count: 12 } },
      },
    });
    const preset = resolvePreset(metadata.features as { preset: string });
    assert.deepEqual([preset.hop, preset.window.length, preset.log.floor], [160, 400, 1e-12]);
  });

  const refused: readonly [what: string, parts: Parameters<typeof frontEnd>[0], message: RegExp][] = [
    [
      "clips of any length",
      { wav: { desired_samples: -1 } },
      /"decoded" \(DecodeWav\): expected desired_samples/,
    ],
    ["two channels", { wav: { desired_channels: 2 } }, /desired_channels 1/],
    ["magnitudes", { spectrogram: { magnitude_squared: false } }, /"spectrum".*magnitude_squared/],
    ["windows longer than the clip", { spectrogram: { window_size: 9000 } }, /"spectrum".*window/],
    ["no step", { spectrogram: { stride: 0 } }, /"spectrum".*stride/],
  ];
  for (const [what, parts, message] of refused)
    test(`with ${what} is refused`, () =>
      assert.throws(() => imported([...frontEnd(parts), node("Neg y: mfcc")]), {
        code: "unsupported",
        message,
      }));
});

describe("a bad file is refused, and says where", () => {
  const cases: readonly [what: string, nodes: NodeInit[], code: string, message: RegExp][] = [
    [
      "an operator that octavox has not",
      [input("x", [2]), node("Mystery odd: x")],
      "unsupported",
      /^m: operator Mystery of node "odd"/,
    ],
    ["an input that nothing computes", [node("Neg y: gone")], "format", /node "y" \(Neg\).*"gone"/],
    [
      "too few inputs",
      [input("x", [2]), node("Add y: x")],
      "format",
      /node "y" \(Add\): expected 2 inputs, found 1/,
    ],
    [
      "a circle",
      [input("x", [2]), node("Add a: x b"), node("Neg b: a"), node("Neg y: b")],
      "format",
      /circle.*"a" → "b"|circle.*"b" → "a"/,
    ],
    [
      "a circle of copies",
      [node("Identity a: b"), node("Identity b: a"), node("Neg y: a")],
      "format",
      /circle/,
    ],
    ["nothing but a circle", [node("Neg a: b"), node("Neg b: a")], "format", /no end/],
    [
      "two nodes of one name",
      [input("x", [2]), node("Neg y: x"), node("Abs y: x")],
      "format",
      /"y".*two nodes/,
    ],
    ["a constant without a tensor", [node("Const c"), node("Neg y: c")], "format", /constant "c"/],
    [
      "a constant of too many elements",
      [floats("c", [1, 2, 3], [2]), node("Neg y: c")],
      "format",
      /constant "c"/,
    ],
    [
      "a constant that no memory holds",
      [floats("c", [1], [2 ** 20, 2 ** 20]), node("Neg y: c")],
      "format",
      /constant "c"/,
    ],
    [
      "an attribute of another kind",
      [...dense.slice(0, 2), node("MatMul y: x w", { transpose_a: 3 })],
      "format",
      /transpose_a.*"y"/,
    ],
    ["sizes that do not fit", [input("x", [1, 5]), dense[1], dense[2]], "shape", /"y"/],
    [
      "an order of axes that is computed",
      [input("x", [2, 2]), input("p", [2]), node("Transpose y: x p")],
      "unsupported",
      /"y".*known before/,
    ],
    [
      "a type octavox has not",
      [node("Placeholder s", { dtype: type(7) }), node("Neg y: s")],
      "unsupported",
      /"s".*number 7/,
    ],
    [
      "a loop without an end",
      [node("LoopCond l: b"), node("Neg b: l"), node("Neg y: l")],
      "unsupported",
      /loop of node "l"/,
    ],
  ];
  for (const [what, nodes, code, message] of cases)
    test(what, () => assert.throws(() => imported(nodes), { name: "OctavoxError", code, message }));
});

describe("whatever the bytes are, what is thrown is an OctavoxError, within a second", () => {
  const survives = (bytes: Uint8Array): void => {
    const start = performance.now();
    try {
      importTensorflow(bytes);
    } catch (error) {
      assert.ok(error instanceof OctavoxError, `a raw ${error}`);
    }
    assert.ok(performance.now() - start < 1000, "it took longer");
  };

  const whole = graphFile([
    ...[...frontEnd(), ints("sizes", [-1, 12]), node("Reshape rows: mfcc sizes")],
    ...[floats("w", new Array(36).fill(0.25), [12, 3]), node("MatMul p: rows w"), floats("b", [1, 2, 3])],
    ...[node("BiasAdd s: p b"), node("Softmax y: s")],
  ]);

  test("a file cut short anywhere", () => {
    for (let length = 0; length < whole.length; length++) survives(whole.subarray(0, length));
  });

  test("a file with any byte changed", () => {
    for (let at = 0; at < whole.length; at++)
      for (const change of [1, 0x80, 0xff]) {
        const damaged = whole.slice();
        damaged[at] ^= change;
        survives(damaged);
      }
  });

  test("long rows of copies, of sums of a value with itself, of names alike", () => {
    const row = (op: string, twice: boolean) =>
      Array.from({ length: 20_000 }, (_, i) => {
        const before = i === 0 ? "x" : `n${i - 1}`;
        return node(`${op} n${i}: ${before}${twice ? ` ${before}` : ""}`);
      });
    survives(graphFile([input("x", [2]), ...row("Identity", false)]));
    survives(graphFile([ints("x", [2]), ...row("Add", true).slice(0, 5000)]));
    survives(graphFile([input("x", [2]), node(`Pack y: ${"x ".repeat(10_000).trim()}`)]));
  });

  const model = join(import.meta.dirname, "../../../../shared/data/arm_kws_pb/CRNN_S.pb");
  test("a published model cut short", (t) => {
    if (!existsSync(model)) return t.skip("../shared/data/arm_kws_pb is not there");
    const bytes = new Uint8Array(readFileSync(model));
    for (let part = 0; part < 64; part++) survives(bytes.subarray(0, Math.floor((bytes.length * part) / 64)));
  });
});
