// octavox evaluate MODEL DIR

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { OctavoxError } from "../errors.ts";
import {
  evaluateTranscription,
  type ItemResult,
  readRefs,
  type SpokenItem,
  type WerResult,
} from "../evaluate/index.ts";
import { readBytes } from "../host/index.ts";
import { decodeAudio, type KernelChoice } from "../index.ts";
import type { Context } from "./context.ts";
import { openRecognizer } from "./load.ts";
import { kernelsOption, positiveInteger, threadsOption } from "./options.ts";
import { columns } from "./terminal.ts";

interface Options {
  json?: boolean;
  errors?: boolean;
  limit?: number;
  threads: number;
  kernels?: KernelChoice;
}

const examples = `
Examples:
  octavox evaluate moonshine-tiny recordings/
  octavox evaluate model.ovx recordings/ --json --limit 20

recordings/refs.tsv has a line for each recording: its name without .wav or .flac, a tab, and what is said.
Words are compared in lower case and without punctuation.`;

export function evaluateCommand(context: Context): Command {
  return new Command("evaluate")
    .summary("count a model's errors on recordings whose words are known")
    .description(
      "Counts a recogniser's word errors on recordings whose words are known, and measures its speed.",
    )
    .argument("<model>", "name or path of a recogniser")
    .argument("<folder>", "folder with refs.tsv and the recordings it names")
    .option("--json", "print JSON")
    .option("--errors", "print each recording with errors, as said and as heard")
    .addOption(new Option("--limit <number>", "only the first so many recordings").argParser(positiveInteger))
    .addOption(threadsOption())
    .addOption(kernelsOption())
    .addHelpText("after", examples)
    .action((model: string, folder: string, options: Options) => evaluate(context, model, folder, options));
}

async function evaluate(context: Context, model: string, folder: string, options: Options): Promise<void> {
  const { terminal, signal } = context;
  const items = await spokenItems(folder, context);
  using recognizer = await openRecognizer(context, { model, ...options });
  const bar = terminal.progress(basename(resolve(folder)));
  const wrong: ItemResult[] = [];
  try {
    const result = await evaluateTranscription(recognizer, items.slice(0, options.limit), {
      signal,
      onProgress: ({ done, total }) => bar.update(done, total),
      onItem: (item) => item.substitutions + item.insertions + item.deletions > 0 && wrong.push(item),
    });
    bar.end();
    const dataset = basename(resolve(folder));
    if (options.json) terminal.out(JSON.stringify(record(model, dataset, result)));
    else for (const line of summary(result, recognizer.kernels)) terminal.out(line);
    if (options.errors) for (const item of wrong) terminal.out(comparison(item));
  } finally {
    bar.end();
  }
}

async function spokenItems(folder: string, { signal }: Context): Promise<SpokenItem[]> {
  const list = join(folder, "refs.tsv");
  const refs = readRefs(new TextDecoder().decode(await readBytes(list, { signal })), list);
  return refs.map(({ id, text }) => {
    const file = [".wav", ".flac"]
      .map((extension) => join(folder, id + extension))
      .find((path) => existsSync(path));
    if (!file)
      throw new OctavoxError("not-found", "a recording is missing", {
        file: list,
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

function record(model: string, dataset: string, result: WerResult) {
  const { items, metric, value, words, substitutions, insertions, deletions } = result;
  const { audioSeconds, processingSeconds, rtf } = result;
  return {
    ...{ model, dataset, items, metric, value, words, substitutions, insertions, deletions },
    ...{ audioSeconds, processingSeconds, rtf },
  };
}

function summary(result: WerResult, kernels: string): string[] {
  const { items, value, words, substitutions, insertions, deletions, audioSeconds, processingSeconds, rtf } =
    result;
  const errors = substitutions + insertions + deletions;
  return columns([
    ["word error rate", `${value.toFixed(2)} %`, `${errors} errors in ${words} words, ${items} recordings`],
    ["substitutions", `${substitutions}`, ""],
    ["insertions", `${insertions}`, ""],
    ["deletions", `${deletions}`, ""],
    [
      "real-time factor",
      rtf.toFixed(4),
      `${audioSeconds.toFixed(1)} s of audio in ${processingSeconds.toFixed(2)} s, ${kernels} kernels`,
    ],
  ]);
}

function comparison({ id, reference, text }: ItemResult): string {
  return `\n${id}\n  said   ${reference}\n  heard  ${text}`;
}
