import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { decodeAudio } from "../../audio/audio.ts";
import type { FeatureMatrix } from "../../features/index.ts";
import type { Model } from "../../model/graph.ts";
import { prepareModel } from "../../passes/prepare.ts";
import { KeywordModel } from "../../speech/keywords.ts";
import { importTensorflow } from "./import.ts";

const data = join(import.meta.dirname, "../../../../shared/data");
const folder = join(data, "arm_kws_pb");
const missing = existsSync(folder) ? false : "../shared/data/arm_kws_pb is not there";

/** Answers of a plain float64 implementation to the clips of the test set; logits of the first ones and of one a label. */
interface Answers {
  dev: {
    predictions: Record<string, number>;
    first5_files: string[];
    logits_first5: number[][];
    logits_first_of_each_label: Record<string, number[]>;
  };
}

/** Features by front end and clip: models share them. */
const features = new Map<string, Promise<FeatureMatrix>>();

function featuresOf(clip: string, { frontEnd }: KeywordModel): Promise<FeatureMatrix> {
  const key = `${frontEnd.preset.hop} ${clip}`;
  const path = join(data, "gsc_v2_test_dev", clip);
  const compute = async () =>
    frontEnd.run((await decodeAudio(new Uint8Array(readFileSync(path)), { file: path })).samples);
  const found = features.get(key) ?? compute();
  features.set(key, found);
  return found;
}

/** The model without its last Softmax. */
function withLogits(model: Model, labels: readonly string[]): Model {
  const [graph] = model.graphs;
  const softmax = graph.nodes.find(({ op }) => op === "Softmax")!;
  const outputs = [{ name: softmax.inputs[0], dtype: "float32" as const, dims: undefined }];
  return { ...model, graphs: [{ ...graph, outputs }], metadata: { ...model.metadata, labels } };
}

function indexOfLargest(values: Float32Array): number {
  return values.indexOf(Math.max(...values));
}

describe("ARM's keyword models answer as a plain float64 implementation does", { skip: missing }, () => {
  if (missing) return;
  const reference = JSON.parse(readFileSync(join(folder, "reference.json"), "utf8"));
  const labels: string[] = reference._meta.labels;
  for (const file of globSync("*.pb", { cwd: folder }).sort())
    test(file, async (t) => {
      const { dev }: Answers = reference[file.slice(0, -3)];
      const imported = importTensorflow(new Uint8Array(readFileSync(join(folder, file))), { file });
      using model = await KeywordModel.load(prepareModel(withLogits(imported, labels)));
      const logitsOf = async (clip: string) => model.outputOf(await featuresOf(clip, model));

      const listed = [
        ...dev.first5_files.map((clip, i) => [clip, dev.logits_first5[i]] as const),
        ...Object.entries(dev.logits_first_of_each_label),
      ];
      for (const [clip, logits] of listed) {
        const found = await logitsOf(clip);
        const worst = Math.max(...logits.map((value, i) => Math.abs(value - found[i])));
        assert.ok(worst <= 1e-3, `${clip}: a logit differs by ${worst}`);
      }

      const clips = Object.entries(dev.predictions);
      let [right, otherwise] = [0, 0];
      for (const [clip, predicted] of clips) {
        const label = indexOfLargest(await logitsOf(clip));
        if (label !== predicted) otherwise++;
        if (labels[label] === dirname(clip)) right++;
      }
      t.diagnostic(`${file}: ${right} of ${clips.length}, ${((100 * right) / clips.length).toFixed(2)} %`);
      assert.ok(otherwise <= 1, `${otherwise} of ${clips.length} clips are answered otherwise`);
    });
});
