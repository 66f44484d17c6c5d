// `octavox quantize --evaluate`: a model in float and quantized, on recordings whose words are known.

import { basename, resolve } from "node:path";
import { OctavoxError } from "../errors.ts";
import { choose, evaluateLabels, type LabelledItem } from "../evaluate/index.ts";
import { labelFolders } from "../host/index.ts";
import { KeywordModel } from "../index.ts";
import type { Judged } from "../quantize/index.ts";
import type { Context } from "./context.ts";
import { labelledItems } from "./evaluate-labels.ts";

type RunModel = Parameters<typeof KeywordModel.load>[0];

/** Judges any model with these labels by the same recordings. */
export interface Judge {
  dataset: string;
  items: number;
  run(model: RunModel, what: string): Promise<Judged>;
}

/**
 * @param folder with a folder for each label
 * @throws OctavoxError `not-found` where there is none, `argument` for folders that the model has no label for
 */
export async function judgeBy(
  context: Context,
  folder: string,
  labels: readonly string[],
  options: { limit?: number | undefined; seed?: number | undefined },
): Promise<Judge> {
  const folders = await labelFolders(folder);
  const dataset = basename(resolve(folder));
  if (folders.length === 0)
    throw new OctavoxError("not-found", "nothing to evaluate", {
      file: folder,
      expected: "folders of recordings named by what is said in them",
      found: "none",
    });
  const items = choose(labelledItems(context, { labels }, { dataset, folder, folders }, {}), options);
  return {
    ...{ dataset, items: items.length },
    run: (model, what) => judged(context, model, items, `${dataset}, ${what}`),
  };
}

async function judged(
  { terminal, signal }: Context,
  model: RunModel,
  items: readonly LabelledItem[],
  what: string,
): Promise<Judged> {
  using keywords = await KeywordModel.load(model, { signal });
  const bar = terminal.progress(what);
  try {
    const onProgress = ({ done, total }: { done: number; total: number }) => bar.update(done, total);
    const { value, rtf } = await evaluateLabels(keywords, items, { signal, onProgress });
    return { value, rtf };
  } finally {
    bar.end();
  }
}
