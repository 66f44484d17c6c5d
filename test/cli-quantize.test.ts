// octavox quantize as a user meets it: what is written where, with which status it leaves, and that a file is there
// whole or not at all.

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { Model } from "../src/model/graph.ts";
import { readOvx, writeOvx } from "../src/model/ovx.ts";
import { GraphBuilder, noise } from "../src/quantize/testing.ts";
import { noisy } from "../src/speech/testing.ts";
import { floatWav } from "./wav.ts";

const command = join(import.meta.dirname, "../bin/octavox.js");
let work: string;

/** tf-mfcc of a second, [1, 49, 10], through a product and a ReLU to 3 words. */
function keywordModel(): Model {
  const b = new GraphBuilder();
  const flat = b.add("flat", "Flatten", ["x"], { axis: 1 });
  const hidden = b.add(
    "hidden",
    "Gemm",
    [flat, b.weights("hidden.w", [24, 490]), b.weights("hidden.b", [24])],
    {
      transB: 1,
    },
  );
  const relu = b.add("relu", "Relu", [hidden]);
  const out = b.add("out", "Gemm", [relu, b.weights("out.w", [3, 24]), b.weights("out.b", [3])], {
    transB: 1,
  });
  const metadata = {
    ...{ task: "keywords", labels: ["yes", "no", "go"], samples: 16_000, features: { preset: "tf-mfcc" } },
  };
  return { ...b.model(["batch", 49, 10], out), metadata };
}

before(() => {
  work = mkdtempSync(join(tmpdir(), "octavox-quantize-"));
  writeFileSync(join(work, "float.ovx"), writeOvx(keywordModel()));
  const { metadata, ...silent } = keywordModel();
  writeFileSync(join(work, "silent.ovx"), writeOvx({ ...silent, metadata: {} }));
  writeFileSync(join(work, "words.ovx"), writeOvx(noisy()));
  const { task, ...settings } = metadata;
  writeFileSync(join(work, "words.json"), JSON.stringify(settings));
  for (const [folder, files] of [
    ["clips/yes", 3],
    ["clips/no", 2],
    ["flat", 2],
    ["empty", 0],
  ] as const) {
    mkdirSync(join(work, folder), { recursive: true });
    for (let i = 0; i < files; i++)
      writeFileSync(join(work, folder, `${i}.wav`), floatWav([...noise(9000, i + files)]));
  }
  mkdirSync(join(work, "slow"));
  writeFileSync(join(work, "slow/a.wav"), slower(floatWav([...noise(5000)])));
});

/** The same samples, said to be 8000 a second. */
function slower(wav: Uint8Array): Uint8Array {
  new DataView(wav.buffer).setUint32(24, 8000, true);
  return wav;
}

after(() => rmSync(work, { recursive: true, force: true }));

function run(args: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "quantize", ...args.split(" ")], {
    cwd: work,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("a model, a folder and a scheme make a packed model, a page and the account as JSON", () => {
  const args = "float.ovx -o made/w8a8.ovx --scheme w8a8 --calibrate clips --report made/page.html --json";
  const { status, stdout, stderr } = run(args);
  assert.equal(status, 0, stderr);
  const record = JSON.parse(stdout);
  assert.deepEqual([record.input, record.output, record.scheme], ["float.ovx", "made/w8a8.ovx", "w8a8"]);
  assert.ok(record.bytesBefore / record.bytesAfter > 3.8);
  assert.deepEqual(
    record.layers.map(({ name, op, bits }: { name: string; op: string; bits: number }) => [name, op, bits]),
    [
      ["hidden", "Gemm", 8],
      ["out", "Gemm", 8],
    ],
  );
  for (const { sqnrWeights, sqnrOutput, saturated } of record.layers)
    assert.ok(sqnrWeights > 35 && sqnrOutput > 25 && saturated >= 0);
  assert.equal(record.agreement.clips, 5);
  const { metadata } = readOvx(readFileSync(join(work, "made/w8a8.ovx")));
  assert.deepEqual(metadata.quantization, { scheme: "w8a8", method: "smooth+gptq+bias", observer: "auto" });
  assert.deepEqual(metadata.labels, ["yes", "no", "go"]);
  const page = readFileSync(join(work, "made/page.html"), "utf8");
  assert.match(page, /<svg/);
  assert.doesNotMatch(page, /<script|https?:\/\/(?!www\.w3\.org)|<link/i, "and the page loads nothing");
});

test("recordings with labels judge the model, in float and quantized; the page and the sweep show it", () => {
  const args =
    "float.ovx -o judged.ovx --calibrate clips --evaluate clips --report judged.html --sweep --json";
  const { status, stdout, stderr } = run(args);
  assert.equal(status, 0, stderr);
  const { evaluation } = JSON.parse(stdout);
  assert.deepEqual([evaluation.dataset, evaluation.items, evaluation.metric], ["clips", 5, "accuracy"]);
  for (const { value, rtf } of [evaluation.float, evaluation.integer])
    assert.ok(value >= 0 && value <= 100 && rtf > 0);
  const page = readFileSync(join(work, "judged.html"), "utf8");
  assert.match(page, /accuracy on 5 recordings of clips/);
  assert.match(page, /Accuracy against bits/);
  assert.match(
    run("float.ovx -o judged.ovx --scheme w8 --evaluate clips").stdout,
    /On 5 recordings of clips: .* in float/,
  );
});

test("the table has a line for each layer; resampling is said; the same call writes the same bytes", () => {
  const args = "float.ovx -o again.ovx --scheme w4a8 --method gptq+bias --calibrate slow --limit 1 --seed 3";
  const { status, stdout, stderr } = run(args);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /^octavox: recordings of 8000 Hz \(a\.wav, …\) are resampled to 16000 Hz/);
  assert.match(stdout, /hidden +Gemm +w4a16 .* → .*\nout +Gemm +w8a8/);
  assert.match(stdout, /On 1 calibration clips:/);
  const first = readFileSync(join(work, "again.ovx"));
  run(args);
  assert.deepEqual(readFileSync(join(work, "again.ovx")), first);
});

test("a model that does not describe itself is described by a file, and is described afterwards", () => {
  const { status, stderr } = run("silent.ovx -o told.ovx --keywords words.json --calibrate clips --limit 2");
  assert.equal(status, 0, stderr);
  assert.equal(readOvx(readFileSync(join(work, "told.ovx"))).metadata.task, "keywords");
});

test("rules and kept layers are named in the account", () => {
  const { stdout } = run("float.ovx -o mixed.ovx --scheme w8 --keep out --layer hidden=w4-block64");
  assert.match(stdout, /With 4-bit weights: Gemm "hidden"\./);
  assert.match(stdout, /With weights in float: Gemm "out"\./);
});

test("a recogniser's weights, integers already, go to 4 bits, by recordings or without, and it still runs", () => {
  const heard = run("words.ovx -o words4.ovx --scheme w4 --calibrate flat --json");
  assert.deepEqual([heard.status, heard.stderr], [0, ""]);
  const { scheme, method, bytesBefore, bytesAfter, fileBefore, fileAfter, layers } = JSON.parse(heard.stdout);
  assert.deepEqual([scheme, method], ["w4", "gptq"]);
  assert.ok(bytesAfter < 0.56 * bytesBefore && fileAfter < fileBefore, `${bytesAfter} of ${bytesBefore}`);
  for (const { bits, sqnrWeights, sqnrOutput } of layers)
    assert.ok(bits === 4 ? sqnrWeights > 10 && sqnrOutput > 10 : sqnrWeights === null);
  const transcribed = spawnSync(
    ...([process.execPath, [command, "transcribe", "flat/0.wav", "--model", "words4.ovx"]] as const),
    { cwd: work, encoding: "utf8" },
  );
  assert.deepEqual([transcribed.status, transcribed.stderr], [0, ""]);
  const alone = run("words.ovx -o words32.ovx --scheme w4-block32 --keep GatherDequantize");
  assert.match(alone.stdout, /MatMulIntegerToFloat +w4a8 +\d+\.\d +– +–/);
  const { metadata } = readOvx(readFileSync(join(work, "words32.ovx")));
  assert.deepEqual(metadata.quantization, { scheme: "w4-block32", method: "mse" });
});

describe("what cannot be done is said in a line, and nothing is written", () => {
  const cases: readonly [args: string, status: number, message: RegExp][] = [
    ["float.ovx", 2, /required option '-o, --output <file>'/],
    ["float.ovx -o x.ovx", 2, /the scheme "w8a8": expected calibration clips, found none\. .*--calibrate/],
    ["float.ovx -o x.ovx --calibrate empty", 1, /empty: no recordings: expected WAV or FLAC/],
    ["float.ovx -o x.ovx --calibrate nowhere", 1, /nowhere: .*no such file/],
    ["float.ovx -o x.ovx --scheme int8", 2, /the scheme "int8": expected one of w8a8/],
    ["float.ovx -o x.ovx --scheme w8 --keep conv*", 2, /the pattern "conv\*".*Layers are called hidden, out/],
    [
      "float.ovx -o x.ovx --scheme w8 --layer hidden",
      2,
      /--layer: expected a pattern, = and a scheme.*found hidden/,
    ],
    ["float.ovx -o x.ovx --scheme w8 --method best", 2, /the method "best"/],
    ["float.ovx -o x.ovx --calibrate clips --observer best", 2, /the observer "best"/],
    ["float.ovx -o x.ovx --calibrate clips --budget lots", 2, /It must be a number/],
    ["float.ovx -o x.ovx --scheme w8 --evaluate flat", 1, /flat: nothing to evaluate: expected folders/],
    [
      "float.ovx -o x.ovx --scheme w8 --evaluate .",
      2,
      /labels that the model does not know.*found flat, slow/,
    ],
    [
      "words.ovx -o x.ovx --scheme w4 --method gptq",
      2,
      /--method .*expected mse, found gptq\. .*--calibrate/,
    ],
    ["words.ovx -o x.ovx --scheme w4 --budget 1", 2, /--budget: expected a model with float layers/],
    ["words.ovx -o x.ovx --scheme w4 --calibrate empty", 1, /empty: no recordings/],
    ["words.ovx -o x.ovx --scheme w4-block12", 2, /block: expected a multiple of 8 up to 4096, found 12/],
    ["silent.ovx -o x.ovx --calibrate clips", 1, /not a keyword model.*--keywords FILE/],
    ["nothing.onnx -o x.ovx", 1, /nothing\.onnx/],
    ["float.ovx -o words.json/x.ovx --scheme w8", 1, /words\.json\/x\.ovx: cannot be written/],
  ];
  for (const [args, expected, message] of cases)
    test(args, () => {
      const { status, stdout, stderr } = run(args);
      assert.equal(status, expected, stderr);
      assert.match(stderr, message);
      assert.equal(stdout, "");
      assert.equal(existsSync(join(work, "x.ovx")), false);
    });
});

test("an interrupt leaves status 130 and no part of a file", async () => {
  const args = "quantize float.ovx -o late.ovx --calibrate clips --method adaround";
  const child = spawn(process.execPath, [command, ...args.split(" ")], { cwd: work });
  setTimeout(() => child.kill("SIGINT"), 700);
  const status = await new Promise((resolve) => child.on("exit", resolve));
  const left = readdirSync(work).filter((name) => name.startsWith("late.ovx"));
  if (status === 130) assert.deepEqual(left, []);
  else assert.deepEqual([status, left], [0, ["late.ovx"]]);
});

test("help shows how", () => {
  const { status, stdout } = run("--help");
  assert.equal(status, 0);
  assert.match(stdout, /Examples:\n {2}octavox quantize/);
  assert.match(stdout, /@depthwise/);
});
