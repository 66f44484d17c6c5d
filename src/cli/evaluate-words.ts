// `octavox evaluate` for recognisers: word errors on the recordings that refs.tsv names.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { OctavoxError } from "../errors.ts";
import {
  choose,
  evaluateTranscription,
  type ItemResult,
  readRefs,
  type SpokenItem,
  type WerResult,
  words,
} from "../evaluate/index.ts";
import { readBytes } from "../host/index.ts";
import { decodeAudio } from "../index.ts";
import type { Context } from "./context.ts";
import type { EvaluateOptions, Evaluation } from "./evaluate.ts";
import { type Ran, speedRow } from "./evaluate-report.ts";
import { openRecognizer } from "./load.ts";

interface Source {
  dataset: string;
  folder: string;
  /** Path of refs.tsv. */
  refs: string;
}

export async function wordsEvaluation(
  context: Context,
  source: Source,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { dataset } = source;
  const items = choose(await spokenItems(source, context), options);
  return { dataset, run: (model) => run(context, { dataset, model, items }, options) };
}

async function spokenItems({ folder, refs }: Source, { signal }: Context): Promise<SpokenItem[]> {
  const list = readRefs(new TextDecoder().decode(await readBytes(refs, { signal })), refs);
  return list.map(({ id, text }) => {
    const file = [".wav", ".flac"]
      .map((extension) => join(folder, id + extension))
      .find((path) => existsSync(path));
    if (!file)
      throw new OctavoxError("not-found", "a recording is missing", {
        file: refs,
        expected: `${id}.wav or ${id}.flac beside it`,
        found: "neither",
      });
    return {
      id,
      reference: text,
      load: async () => decodeAudio(await readBytes(file, { signal }), { file, signal }),
    };
  });
}

interface Task {
  dataset: string;
  model: string;
  items: readonly SpokenItem[];
}

async function run(
  context: Context,
  { dataset, model, items }: Task,
  options: EvaluateOptions,
): Promise<Ran> {
  const { terminal, signal } = context;
  using recognizer = await openRecognizer(context, { ...options, model });
  const bar = terminal.progress(dataset);
  const heard: ItemResult[] = [];
  try {
    const result = await evaluateTranscription(recognizer, items, {
      ...{ signal, partial: true },
      onProgress: ({ done, total }) => bar.update(done, total),
      onItem: (item) => heard.push(item),
    });
    const interrupted = result.items < items.length ? { interrupted: true } : {};
    return {
      ...{ model, done: result.items, total: items.length },
      record: { model, dataset, ...result, ...interrupted },
      summary: summary(result, recognizer.kernels),
      details: [],
      outcomes: heard.map((item) => ({
        ...{ id: item.id, said: item.reference, heard: item.text },
        right: item.substitutions + item.insertions + item.deletions === 0,
      })),
      same: (a, b) => words(a).join(" ") === words(b).join(" "),
    };
  } finally {
    bar.end();
  }
}

function summary(result: WerResult, kernels: string): Ran["summary"] {
  const { items, value, words, substitutions, insertions, deletions } = result;
  const errors = substitutions + insertions + deletions;
  return [
    ["word error rate", `${value.toFixed(2)} %`, `${errors} errors in ${words} words, ${items} recordings`],
    ["substitutions", `${substitutions}`, ""],
    ["insertions", `${insertions}`, ""],
    ["deletions", `${deletions}`, ""],
    speedRow(result, kernels),
  ];
}
