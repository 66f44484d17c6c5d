import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { decodeAudio } from "../audio/audio.ts";
import { readModel } from "../import/read.ts";
import { InferenceSession } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { bandsFirst, loadFeatures } from "./index.ts";

const folder = join(import.meta.dirname, "../../../shared/data/moonshine_micro");

test("Moonshine's SpellingCNN recognises 200 of its 220 clips from these features", async (t) => {
  if (!existsSync(folder)) return t.skip("../shared/data/moonshine_micro is not there");
  const read = (path: string) => new Uint8Array(readFileSync(join(folder, path)));
  const { classes } = JSON.parse(readFileSync(join(folder, "spelling_cnn_meta.json"), "utf8"));
  const session = await InferenceSession.create(readModel(read("spelling_cnn_mel.onnx")));
  const frontEnd = await loadFeatures({ preset: "moonshine-logmel" });
  const clips = globSync("alphanumeric/*/*.wav", { cwd: folder }).sort();
  let right = 0;
  for (const path of clips) {
    const { samples } = await decodeAudio(read(path), { file: path });
    const { logits } = await session.run({
      log_mel: new Tensor("float32", bandsFirst(frontEnd.run(samples)), [1, 1, 64, 128]),
    });
    const scores = logits.numbers();
    if (classes[scores.indexOf(Math.max(...scores))] === basename(dirname(path))) right++;
  }
  assert.deepEqual([right, clips.length], [200, 220]);
});
