// `octavox evaluate` for keyword models: accuracy on folders that are named by the word in their recordings.

import { relative } from "node:path";
import { OctavoxError } from "../errors.ts";
import {
  type Confusion,
  choose,
  evaluateLabels,
  type HeardItem,
  inTurn,
  type LabelledItem,
  type LabelsResult,
  matchLabels,
} from "../evaluate/index.ts";
import { type LabelFolder, readBytes } from "../host/index.ts";
import { decodeAudio, type KeywordModel } from "../index.ts";
import type { Context } from "./context.ts";
import type { EvaluateOptions, Evaluation } from "./evaluate.ts";
import { type Ran, speedRow } from "./evaluate-report.ts";
import { openKeywords } from "./load.ts";
import { columns } from "./terminal.ts";

export interface LabelSource {
  dataset: string;
  folder: string;
  folders: readonly LabelFolder[];
}

export function labelsEvaluation(
  context: Context,
  source: LabelSource,
  options: EvaluateOptions,
): Evaluation {
  return { dataset: source.dataset, run: (model) => run(context, model, source, options) };
}

async function run(
  context: Context,
  model: string,
  source: LabelSource,
  options: EvaluateOptions,
): Promise<Ran> {
  const { terminal, signal } = context;
  const { dataset } = source;
  using keywords = await openKeywords(context, { ...options, model });
  const items = choose(labelledItems(context, keywords, source, options), options);
  const bar = terminal.progress(dataset);
  const outcomes: Ran["outcomes"][number][] = [];
  try {
    const result = await evaluateLabels(keywords, items, {
      ...{ signal, partial: true },
      onProgress: ({ done, total }) => bar.update(done, total),
      onItem: ({ id, label, heard }: HeardItem) =>
        outcomes.push({ id, said: label, heard, right: label === heard }),
    });
    return {
      ...{ model, done: result.items, total: items.length },
      record: record(model, dataset, result, items.length),
      summary: summary(result, keywords.kernels),
      details: details(result),
      outcomes,
      same: (a, b) => a === b,
    };
  } finally {
    bar.end();
  }
}

/** A label's recordings in turn with the others', so that a part of them has all labels. */
export function labelledItems(
  { terminal, signal }: Context,
  { labels }: Pick<KeywordModel, "labels">,
  { folder, folders }: LabelSource,
  { ignoreUnknown }: Pick<EvaluateOptions, "ignoreUnknown">,
): LabelledItem[] {
  const names = folders.map(({ name }) => name);
  const matched = matchLabels(names, labels, { ignoreUnknown, dataset: folder });
  if (matched.asUnknown.length > 0)
    terminal.note(`octavox: counted as _unknown_: ${matched.asUnknown.join(", ")}`);
  if (matched.ignored.length > 0) terminal.note(`octavox: left out: ${matched.ignored.join(", ")}`);
  if (matched.labels.size === 0)
    throw new OctavoxError("argument", "no folder has a label of the model", {
      file: folder,
      expected: labels.join(", "),
      found: names.join(", "),
    });
  const lists = folders.flatMap(({ name, files }) => {
    const label = matched.labels.get(name);
    return label === undefined ? [] : [files.map((file) => ({ file, label }))];
  });
  return inTurn(lists).map(({ file, label }) => ({
    id: relative(folder, file),
    label,
    load: async () => decodeAudio(await readBytes(file, { signal }), { file, signal }),
  }));
}

function record(model: string, dataset: string, result: LabelsResult, total: number) {
  const { items, metric, value, perClass, withoutSilence, confusion, ...cost } = result;
  const { labels, counts } = confusion;
  return {
    ...{ model, dataset, items, metric, value, perClass, ...cost },
    withoutSilence: withoutSilence ?? null,
    confusion: { labels, counts },
    ...(items < total ? { interrupted: true } : {}),
  };
}

function summary(result: LabelsResult, kernels: string): Ran["summary"] {
  const { confusion, withoutSilence } = result;
  const { items, correct, value } = confusion.accuracy();
  return [
    ["accuracy", `${value.toFixed(2)} %`, `${correct} of ${items} recordings`],
    ...(withoutSilence
      ? [
          [
            "without _silence_",
            `${withoutSilence.value.toFixed(2)} %`,
            `${withoutSilence.correct} of ${withoutSilence.items}`,
          ] as const,
        ]
      : []),
    speedRow(result, kernels),
  ];
}

function details({ perClass, confusion }: LabelsResult): Ran["details"] {
  const rows = Object.entries(perClass).map(([label, { count, correct, value }]) => [
    ...[label, correct, `of ${count}`, `${value.toFixed(1)} %`.padStart(7)],
  ]);
  return [
    { heading: "by label", lines: columns(rows) },
    { heading: "said (rows), heard (columns)", lines: matrix(confusion) },
  ];
}

/** Wider matrices do not fit a screen; of those, the pairs that were confused are listed. */
const MOST_COLUMNS = 16;

function matrix(confusion: Confusion): string[] {
  const { labels, counts } = confusion;
  const used = labels.flatMap((_, at) =>
    counts.some((row, said) => row[at] > 0 || counts[at][said] > 0) ? [at] : [],
  );
  if (used.length > MOST_COLUMNS)
    return columns(confusion.pairs().map(({ said, heard, count }) => [count, said, "heard as", heard]));
  const width = Math.max(...used.map((at) => labels[at].length));
  const cell = (count: number) => (count === 0 ? "·" : `${count}`).padStart(width);
  return columns([
    ["", ...used.map((at) => labels[at].padStart(width))],
    ...used.map((said) => [labels[said], ...used.map((heard) => cell(counts[said][heard]))]),
  ]);
}
