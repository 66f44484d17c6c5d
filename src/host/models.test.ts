import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { loadRecognizer } from "./index.ts";
import { cachedBytes, findModel, modelPath, pullModel } from "./models.ts";
import { filesIn, packs, withNpm } from "./testing.ts";

const NAME = "moonshine-tiny";

test("an unknown model is an error that names those there are", async () => {
  const error = {
    code: "not-found",
    message: /^no model "whisper": expected a file, or one of: .*moonshine-tiny/,
  };
  await assert.rejects(findModel("whisper"), error);
  assert.throws(() => modelPath("whisper"), error);
});

test("a model in the cache is found without npm", async (t) => {
  const cache = withNpm(t, "process.exit(1)");
  assert.equal(await cachedBytes(NAME), undefined);
  const path = modelPath(NAME);
  assert.equal(dirname(path), join(cache, "models"));
  await mkdir(dirname(path), { recursive: true });
  writeFileSync(path, "abc");
  assert.equal(await findModel(NAME), path);
  assert.equal(await cachedBytes(NAME), 3);
  await assert.rejects(pullModel(NAME, { force: true }), { code: "io" });
});

test("a damaged model in the cache is an error that says how to get it anew", async (t) => {
  withNpm(t, "process.exit(1)");
  await mkdir(dirname(modelPath(NAME)), { recursive: true });
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
