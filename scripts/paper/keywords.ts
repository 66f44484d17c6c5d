// The keyword models: accuracy on a test set of labelled clips, calibrated on clips of another set.

import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { choose, inTurn } from "../../src/evaluate/index.ts";
import type { FeatureMatrix } from "../../src/features/index.ts";
import { readModelFile, recordingsIn } from "../../src/host/index.ts";
import { decodeAudio, KeywordModel } from "../../src/index.ts";
import { readOvx, writeOvx } from "../../src/model/ovx.ts";
import { prepareModel } from "../../src/passes/prepare.ts";
import { calibrationFrom, quantize } from "../../src/quantize/index.ts";
import { ownSeconds, type Row, type Scheme, type ShowProgress, type Subject, widths } from "./row.ts";

export interface KeywordData {
  models: string;
  /** Folders of label folders. */
  test: string;
  calibration: string;
  /** So many clips of either, for trials. */
  limit?: number | undefined;
}

/** What a scheme is called here, and how weights are rounded. */
const quantizations: Partial<Record<Scheme, { scheme: string; method?: string }>> = Object.fromEntries([
  ...widths.map((bits) => [`article ${bits}`, { scheme: `article${bits}`, method: "nearest" }]),
  ...widths.map((bits) => [`best ${bits}`, { scheme: bits === 16 ? "w16a16" : `w${bits}a8` }]),
]);

const clip = (file: string) => ({
  name: file,
  load: async () => decodeAudio(new Uint8Array(readFileSync(file)), { file }),
});

/** Features of the test clips, once for all models that hear alike. */
class TestSet {
  readonly labels: readonly string[];
  private readonly files: readonly string[];
  private readonly known = new Map<string, FeatureMatrix[]>();

  constructor(files: readonly string[]) {
    this.files = files;
    this.labels = files.map((file) => basename(dirname(file)));
  }

  async features({ frontEnd, samples }: KeywordModel, progress: ShowProgress): Promise<FeatureMatrix[]> {
    const key = JSON.stringify(frontEnd.preset);
    const found = this.known.get(key) ?? [];
    for (const file of this.files.slice(found.length)) {
      progress(found.length, this.files.length, "features");
      const filled = new Float32Array(samples);
      filled.set((await clip(file).load()).samples.subarray(0, samples));
      found.push(frontEnd.run(filled));
    }
    this.known.set(key, found);
    return found;
  }
}

async function filesOf(folder: string, limit: number | undefined): Promise<string[]> {
  return choose(inTurn(await recordingsIn(folder)), { limit, seed: undefined });
}

/** The models of a folder, each with a row for every scheme. */
export async function keywordSubjects(
  names: readonly string[],
  { models, test, calibration, limit }: KeywordData,
): Promise<Subject[]> {
  const set = new TestSet(await filesOf(test, limit));
  const clips = (await filesOf(calibration, limit)).map(clip);
  const modelOf = async (name: string) => (await readModelFile(join(models, `${name}.pb`))).model;
  return names.map((name) => ({
    name,
    rows: {
      match: async (progress) => {
        const model = await modelOf(name);
        // What counts as a weight the quantizer says.
        const { bytesBefore } = (await quantize(model, { scheme: "w8", method: "nearest" })).report;
        return judge(writeOvx(prepareModel(model, { keepIntegers: true })), bytesBefore, set, progress);
      },
      ...Object.fromEntries(
        Object.entries(quantizations).map(([scheme, how]) => [
          scheme,
          async (progress: ShowProgress) => {
            const model = await modelOf(name);
            const made = await quantize(model, {
              ...how,
              calibration: await calibrationFrom(model, clips),
              onProgress: ({ stage, done, total }) => progress(done, total, stage),
            });
            const { bytesAfter, bytesScales } = made.report;
            const file = writeOvx(prepareModel(made.model, { keepIntegers: true }));
            return judge(file, bytesAfter + bytesScales, set, progress);
          },
        ]),
      ),
    },
  }));
}

/** Clips before the clock runs. */
const WARM_UP = 50;

async function judge(file: Uint8Array, bytes: number, set: TestSet, progress: ShowProgress): Promise<Row> {
  using model = await KeywordModel.load(readOvx(file));
  const features = await set.features(model, progress);
  for (const each of features.slice(0, WARM_UP)) await model.scoresOf(each);
  let right = 0;
  const started = ownSeconds();
  for (const [i, each] of features.entries()) {
    if (i % 100 === 0) progress(i, features.length, "listening");
    const scores = await model.scoresOf(each);
    if (model.labels[scores.indexOf(Math.max(...scores))] === set.labels[i]) right++;
  }
  const seconds = ownSeconds() - started;
  return {
    ...{ metric: "accuracy", value: (100 * right) / features.length },
    ...{ weightBytes: bytes, fileBytes: file.length },
    rtf: seconds / ((features.length * model.samples) / model.sampleRate),
  };
}
