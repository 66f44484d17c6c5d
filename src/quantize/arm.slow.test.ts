// ARM's 14 keyword models, quantized after training on clips of another set than they are judged by.

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, test } from "node:test";
import { decodeAudio } from "../audio/audio.ts";
import { inTurn } from "../evaluate/choice.ts";
import type { FeatureMatrix } from "../features/index.ts";
import { importTensorflow } from "../import/tensorflow/import.ts";
import type { Model } from "../model/graph.ts";
import { readOvx, writeOvx } from "../model/ovx.ts";
import { prepareModel } from "../passes/prepare.ts";
import type { KernelChoice } from "../runtime/choose.ts";
import { KeywordModel } from "../speech/keywords.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { CalibrationSet } from "./calibrate.ts";
import { quantize } from "./quantize.ts";
import type { QuantizationReport } from "./report.ts";

const data = join(import.meta.dirname, "../../../shared/data");
const folder = join(data, "arm_kws_pb");
const skip = existsSync(folder) ? false : "../shared/data/arm_kws_pb is not there";
const families = ["DNN", "CNN", "DS_CNN", "Basic_LSTM", "LSTM", "GRU", "CRNN"];
const names = families.flatMap((family) => [`${family}_S`, `${family}_M`]);

/** Clips of a folder of label folders, from each label in turn. */
function clipsOf(set: string): string[] {
  const labels = new Map<string, string[]>();
  for (const file of globSync("*/*.wav", { cwd: join(data, set) }).sort())
    labels.set(dirname(file), [...(labels.get(dirname(file)) ?? []), file]);
  return inTurn([...labels.values()]).map((file) => join(data, set, file));
}

/** Features by front end and clip: models share them. */
const known = new Map<string, FeatureMatrix>();

async function featuresOf(file: string, { frontEnd, samples }: KeywordModel): Promise<FeatureMatrix> {
  const key = `${frontEnd.preset.hop} ${file}`;
  const compute = async () => {
    const filled = new Float32Array(samples);
    const { samples: heard } = await decodeAudio(new Uint8Array(readFileSync(file)), { file });
    filled.set(heard.subarray(0, samples));
    return frontEnd.run(filled);
  };
  const found = known.get(key) ?? (await compute());
  known.set(key, found);
  return found;
}

function floatModel(name: string): Model {
  const labels = readFileSync(join(folder, "labels.txt"), "utf8").trim().split(/\s+/);
  const bytes = new Uint8Array(readFileSync(join(folder, `${name}.pb`)));
  const model = importTensorflow(bytes, { file: name });
  return { ...model, metadata: { ...model.metadata, labels } };
}

async function calibrationFor(model: Model, clips: readonly string[]): Promise<CalibrationSet> {
  using float = await KeywordModel.load(prepareModel(model));
  const [{ name, dims }] = model.graphs[0].inputs;
  const features: Float32Array[] = [];
  for (const clip of clips) features.push((await featuresOf(clip, float)).data);
  const sizes = dims!.map((dim) => (typeof dim === "number" ? dim : 1));
  return { size: clips.length, feeds: (i) => ({ [name]: new Tensor("float32", features[i], sizes) }) };
}

const packed = (model: Model): Model => readOvx(writeOvx(prepareModel(model, { keepIntegers: true })));

async function scores(
  model: Model,
  clips: readonly string[],
  kernels?: KernelChoice,
): Promise<Float32Array[]> {
  using keywords = await KeywordModel.load(model, kernels ? { kernels } : {});
  const all: Float32Array[] = [];
  for (const clip of clips)
    all.push(Float32Array.from(await keywords.scoresOf(await featuresOf(clip, keywords))));
  return all;
}

async function accuracy(model: Model, clips: readonly string[]): Promise<number> {
  const labels = model.metadata.labels as string[];
  const heard = (await scores(model, clips)).map((all) => labels[all.indexOf(Math.max(...all))]);
  const right = heard.filter((label, i) => label === basename(dirname(clips[i]))).length;
  return (100 * right) / clips.length;
}

/** What a scheme may lose in points, each model and all on average, and how much smaller weights must be. */
const bounds = [
  { scheme: "w8a8", each: 0.4, mean: 0.15, smaller: 3.8 },
  { scheme: "w8a16", each: 0.1, mean: 0.1, smaller: 3.8 },
  { scheme: "w4a8", each: 2, mean: 1, smaller: 6.5 },
] as const;

/** Whatever has other bits than the scheme says is named. */
function checkNotes({ layers }: QuantizationReport, bits: number): void {
  for (const { name, bits: own, note } of layers) if (own !== bits) assert.ok(note, `${name} on ${own} bits`);
}

describe("14 models, calibrated on clips whose words nobody told", { skip }, () => {
  if (skip) return;
  const [clips, calibration] = [clipsOf("gsc_v2_test_dev"), clipsOf("gsc_v1_calib")];
  const gains = new Map<string, number[]>(bounds.map(({ scheme }) => [scheme, []]));
  for (const name of names)
    test(`${name} loses no more than the schemes may`, async (t) => {
      const model = floatModel(name);
      const set = await calibrationFor(model, calibration);
      const before = await accuracy(prepareModel(model), clips);
      for (const { scheme, each, smaller } of bounds) {
        const { model: quantized, report } = await quantize(model, { scheme, calibration: set });
        const gain = (await accuracy(packed(quantized), clips)) - before;
        const ratio = report.bytesBefore / report.bytesAfter;
        t.diagnostic(
          `${name} ${scheme}: ${before.toFixed(2)} % ${gain.toFixed(2)}, ${ratio.toFixed(2)}× smaller`,
        );
        gains.get(scheme)!.push(gain);
        checkNotes(report, Number(scheme[1]));
        assert.ok(gain >= -each, `${scheme}: ${gain}`);
        assert.ok(ratio >= smaller, `${scheme}: ${ratio}× smaller`);
      }
    });
  test("and on average", () => {
    for (const { scheme, mean } of bounds) {
      const all = gains.get(scheme)!;
      const found = all.reduce((sum, gain) => sum + gain, 0) / all.length;
      assert.ok(found >= -mean, `${scheme}: ${found}`);
    }
  });
});

describe("every kernel gives the reference's answers to 200 clips", { skip }, () => {
  if (skip) return;
  const clips = clipsOf("gsc_v2_test_dev").slice(0, 200);
  const some = ["w8a8", "w4a8", "w8a16"];
  const all = [...some, "w8a8-dynamic", "w16a16", "w8", "pow2", "article", "article6", "w8a8-cell16"];
  for (const name of names)
    test(name, async () => {
      const model = floatModel(name);
      const set = await calibrationFor(model, clipsOf("gsc_v1_calib").slice(0, 20));
      for (const scheme of name.endsWith("_S") ? all : some) {
        const method = "nearest";
        const { model: quantized } = await quantize(model, { scheme, method, calibration: set });
        const file = packed(quantized);
        const expected = await scores(file, clips, "reference");
        for (const kernels of ["simd", "relaxed"] as const)
          assert.deepEqual(await scores(file, clips, kernels), expected, `${scheme}, ${kernels}`);
      }
    });
});
