import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { decodeAudio } from "../audio/audio.ts";
import { readModel } from "../import/read.ts";
import type { Model } from "../model/graph.ts";
import { readOvx, writeOvx } from "../model/ovx.ts";
import { prepareModel } from "../passes/prepare.ts";
import { KeywordModel } from "../speech/keywords.ts";
import { calibrationFrom } from "./clips.ts";
import { quantize } from "./quantize.ts";
import { poorLayers } from "./report.ts";

const data = join(import.meta.dirname, "../../../shared/data");
const clip = (path: string) => ({
  name: path,
  load: () => decodeAudio(new Uint8Array(readFileSync(path)), { file: path }),
});

test("Moonshine's SpellingCNN on 8 bits, calibrated on other words: 90.4 % at least, no layer under 20 dB", async (t) => {
  const folder = join(data, "moonshine_micro");
  if (!existsSync(folder)) return t.skip("../shared/data/moonshine_micro is not there");
  const { classes } = JSON.parse(readFileSync(join(folder, "spelling_cnn_meta.json"), "utf8"));
  const source = readModel(new Uint8Array(readFileSync(join(folder, "spelling_cnn_mel.onnx"))));
  const settings = { labels: classes, samples: 16_000, features: { preset: "moonshine-logmel" as const } };
  const float: Model = { ...source, metadata: { task: "keywords", ...settings } };
  const recordings = globSync("gsc_v1_calib/*/*.wav", { cwd: data }).sort();
  const calibration = await calibrationFrom(
    float,
    recordings.filter((_, i) => i % 3 === 0).map((path) => clip(join(data, path))),
  );
  const { model, report } = await quantize(float, { scheme: "w8a8", calibration });
  assert.deepEqual(poorLayers(report), []);
  assert.ok(report.bytesBefore / (report.bytesAfter + report.bytesScales) > 3.8);
  using keywords = await KeywordModel.load(readOvx(writeOvx(prepareModel(model, { keepIntegers: true }))));
  const paths = globSync("alphanumeric/*/*.wav", { cwd: folder });
  let right = 0;
  for (const path of paths) {
    const { samples } = await clip(join(folder, path)).load();
    if ((await keywords.classify(samples)).label === basename(dirname(path))) right++;
  }
  assert.equal(paths.length, 220);
  t.diagnostic(
    `${right} of 220, worst layer ${Math.min(...report.layers.map((each) => each.sqnrOutput!)).toFixed(1)} dB`,
  );
  assert.ok(right >= 0.904 * 220, `${right} of 220`);
});
