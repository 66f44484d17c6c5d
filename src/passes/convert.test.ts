import assert from "node:assert/strict";
import { test } from "node:test";
import { node, onnxFile, value } from "../import/onnx/test-files.ts";
import type { ListedModel } from "../model/list.ts";
import { readOvx } from "../model/ovx.ts";
import { convertListed } from "./convert.ts";

const pieces = ["<unk>", "▁hello", "é"];
const literal = Buffer.from(`${pieces.join("\n")}\n`).toString("base64");
const utf8 = (text: string) => new TextEncoder().encode(text);

const graph = onnxFile({
  input: [value("x", ["batch", 3n])],
  node: [node("Neg: x → n"), node("Neg: n → y")],
  output: [value("y", ["batch", 3n])],
});

const listed: ListedModel = {
  ...{ name: "small", description: "a model", licence: "MIT" },
  source: {
    ...{ package: "small@1.0.0", integrity: "sha512-", bytes: 1 },
    files: { graph: "package/graph.onnx", script: "package/script.js" },
  },
  recipe: { graphs: [{ name: "encoder", file: "graph", sizes: { batch: 1 } }] },
  vocabulary: { file: "script", begins: literal.slice(0, 8), size: pieces.length },
  recognizer: { sampleRate: 16_000, startToken: 1 },
};
const files = { graph, script: utf8(`const other="abc",vocabulary="${literal}";`) };

test("a listed model is converted with its vocabulary, settings, licence and origin", () => {
  const done: number[] = [];
  const model = readOvx(convertListed(listed, files, (progress) => done.push(progress.done)));
  assert.deepEqual(model.graphs[0].inputs[0].dims, [1, 3]);
  assert.deepEqual(model.metadata, {
    ...{ name: "small", licence: "MIT", source: "small@1.0.0" },
    ...{ recognizer: { sampleRate: 16_000, startToken: 1 }, vocabulary: pieces },
  });
  assert.deepEqual(done, [0]);
});

test("a vocabulary that is not where the list says, or has another size, is an error with file and sizes", () => {
  const convert = (script: string, size = 3) =>
    convertListed(
      { ...listed, vocabulary: { ...listed.vocabulary, size } },
      { ...files, script: utf8(script) },
    );
  const wrong = (found: string, expected = 3) => ({
    code: "format",
    message: new RegExp(`^package/script.js: no vocabulary .*expected ${expected} pieces, found ${found}`),
  });
  assert.throws(() => convert("nothing here"), wrong("none"));
  assert.throws(() => convert(`"${literal}"`, 4), wrong("3", 4));
  assert.throws(() => convert(`"${literal.slice(0, 9)}`), wrong("none|\\d"));
  assert.throws(() => convert(`"${literal.slice(0, 8)}*!"`), wrong(".*"));
});
