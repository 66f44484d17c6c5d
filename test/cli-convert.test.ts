// The command line with models of other formats: what is in them, and packed files made of them.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { floats, graphFile, ints, node, noise, type } from "../src/import/tensorflow/testing.ts";
import { floatWav } from "./wav.ts";

const command = join(import.meta.dirname, "../bin/octavox.js");
let work: string;

/** 1 + ⌊(8000 − 640)/640⌋ = 12 frames of 10. */
const keywords = graphFile([
  node("Placeholder wav", { dtype: type(7) }),
  node("DecodeWav decoded: wav", { desired_samples: 8000, desired_channels: 1 }),
  node("AudioSpectrogram spectrum: decoded", { window_size: 640, stride: 640, magnitude_squared: true }),
  node("Mfcc mfcc: spectrum decoded:1", { dct_coefficient_count: 10 }),
  ...[ints("sizes", [1, 120]), node("Reshape flat: mfcc sizes"), floats("w", noise(240), [120, 2])],
  ...[node("MatMul product: flat w"), node("Softmax scores: product")],
]);

before(() => {
  work = mkdtempSync(join(tmpdir(), "octavox-convert-"));
  writeFileSync(join(work, "words.pb"), keywords);
  writeFileSync(join(work, "labels.txt"), "yes\r\nno\n\n");
  const samples = Array.from({ length: 8000 }, (_, i) => 0.3 * Math.sin(i / 5));
  writeFileSync(join(work, "clip.wav"), floatWav(samples));
});

after(() => rmSync(work, { recursive: true, force: true }));

function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...args], {
    cwd: work,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("a TensorFlow graph", () => {
  test("is described with its front end, and with the labels of the file beside it", () => {
    const { status, stdout } = run("info", "words.pb", "--json");
    assert.equal(status, 0);
    const { metadata, graphs, parameters } = JSON.parse(stdout);
    assert.deepEqual(metadata.labels, ["yes", "no"]);
    assert.deepEqual([metadata.task, metadata.samples, metadata.features.hop], ["keywords", 8000, 640]);
    assert.deepEqual(graphs[0].inputs, [{ name: "mfcc", dtype: "float32", dims: [1, 12, 10] }]);
    assert.ok(parameters >= 240);
  });

  test("spots words as the packed file made of it does", () => {
    const packed = run("convert", "words.pb", "-o", "words.ovx");
    assert.equal(packed.status, 0, packed.stderr);
    assert.match(packed.stdout, /^words\.ovx {2}[\d.]+ kB \([\d.]+ kB before\)\n$/);
    const spot = (model: string) => run("spot", model, "clip.wav", "--json", "--threshold", "0.01");
    const [from, to] = [spot("words.pb"), spot("words.ovx")];
    assert.equal(from.status, 0, from.stderr);
    assert.match(from.stdout, /"(yes|no)"/);
    assert.equal(to.stdout, from.stdout);
  });

  test("that is damaged is an error of one line", () => {
    writeFileSync(join(work, "half.pb"), keywords.subarray(0, keywords.length / 2));
    const { status, stderr } = run("convert", "half.pb", "-o", "half.ovx");
    assert.equal(status, 1);
    assert.match(stderr, /^octavox: half\.pb: [^\n]+\n$/);
  });
});

test("what is known of a model is written as name=value, and wrong ones are errors of one line", () => {
  const special = (...args: string[]) => run("convert", "words.pb", "-o", "special.ovx", ...args);
  for (const [args, message] of [
    [["--bind", "rate=16000"], /^octavox: no input "rate": expected mfcc\n$/],
    [["--size", "batch=one"], /^octavox: --size batch: expected a number, found one\n$/],
    [["--feedback", "mfcc=after"], /^octavox: no output "after": expected \S+\n$/],
  ] as const) {
    const { status, stderr } = special(...args);
    assert.equal(status, 2);
    assert.match(stderr, message);
  }
  assert.equal(special("--bind", "16000").status, 2);
  assert.equal(special("--bind", "mfcc=0").status, 0);
});
