// octavox evaluate MODEL DIR: what is in the folder decides how the model is judged.

import { existsSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { OctavoxError } from "../errors.ts";
import { labelFolders } from "../host/index.ts";
import type { KernelChoice, SpotterOptions } from "../index.ts";
import type { Context } from "./context.ts";
import { labelsEvaluation } from "./evaluate-labels.ts";
import { printAgainst, printOne, type Ran } from "./evaluate-report.ts";
import { spottingEvaluation } from "./evaluate-stream.ts";
import { wordsEvaluation } from "./evaluate-words.ts";
import { count, kernelsOption, keywordsOption, seed, threadsOption } from "./options.ts";
import { addSpotterOptions } from "./spotting.ts";

export interface EvaluateOptions extends SpotterOptions {
  json?: boolean;
  errors?: boolean;
  against?: string;
  limit?: number;
  seed?: number;
  threads: number;
  kernels?: KernelChoice;
  keywords?: string;
  ignoreUnknown?: boolean;
  /** Clips are joined, and their words looked for. */
  stream?: boolean;
}

/** A folder of recordings, and a way to try a model on it. */
export interface Evaluation {
  dataset: string;
  /** Opens the model, runs it on the recordings, and closes it. An interrupt ends it with what was done. */
  run(model: string): Promise<Ran>;
}

const INTERRUPTED = 130;

const examples = `
Examples:
  octavox evaluate moonshine-tiny recordings/
  octavox evaluate keywords.ovx speech_commands/ --limit 200 --seed 1
  octavox evaluate keywords-w8a8.ovx speech_commands/ --against keywords.onnx --errors
  octavox evaluate keywords.ovx speech_commands/ --stream --threshold 0.9
  octavox evaluate model.onnx letters/ --keywords letters.json --json | jq .value

A folder with refs.tsv is for recognisers: it has a line for each recording, its name without .wav or .flac, a tab,
and what is said. Words are compared in lower case and without punctuation.
A folder of folders is for keyword models: each is named by the word in its recordings. Words that the model has no
label for count as _unknown_ where it has that. They are taken from each folder in turn; --seed draws the order.
With --stream they are joined by gaps of faint noise, and words found are compared with words said.`;

export function evaluateCommand(context: Context): Command {
  const command = new Command("evaluate")
    .summary("count a model's errors on recordings whose words are known")
    .description(
      "Counts a model's errors on recordings whose words are known, and measures its speed: word errors of a " +
        "recogniser, accuracy of a keyword model. An interrupt prints what was found so far.",
    )
    .argument("<model>", "name or path of a recogniser, or path of a keyword model")
    .argument("<folder>", "folder with refs.tsv and the recordings it names, or with a folder for each label")
    .option("--json", "print JSON")
    .option("--errors", "print each recording with errors, as said and as heard")
    .option("--against <model>", "another model on the same recordings, and where the two differ")
    .addOption(new Option("--limit <number>", "only so many recordings").argParser(count))
    .addOption(new Option("--seed <number>", "draw the recordings' order by chance").argParser(seed))
    .option("--ignore-unknown", "leave out folders that the model has no label for")
    .option("--stream", "join the recordings of label folders, with gaps, and look for their words in that")
    .addOption(keywordsOption())
    .addOption(threadsOption())
    .addOption(kernelsOption());
  return addSpotterOptions(command)
    .addHelpText("after", examples)
    .action((model: string, folder: string, options: EvaluateOptions) =>
      evaluate(context, model, folder, options),
    );
}

async function evaluate(
  context: Context,
  model: string,
  folder: string,
  options: EvaluateOptions,
): Promise<void> {
  const { terminal, signal } = context;
  const evaluation = await evaluationOf(context, folder, options);
  const ran = await evaluation.run(model);
  const other =
    options.against !== undefined && !signal.aborted ? await evaluation.run(options.against) : undefined;
  if (other) printAgainst(terminal, ran, other, options);
  else printOne(terminal, ran, options);
  if (!signal.aborted) return;
  const { done, total } = other ?? ran;
  terminal.note(`octavox: interrupted after ${done} of ${total} recordings`);
  process.exitCode = INTERRUPTED;
}

async function evaluationOf(context: Context, folder: string, options: EvaluateOptions): Promise<Evaluation> {
  const dataset = basename(resolve(folder));
  const refs = join(folder, "refs.tsv");
  if (existsSync(refs)) return wordsEvaluation(context, { dataset, folder, refs }, options);
  const folders = await labelFolders(folder);
  const source = { dataset, folder, folders };
  if (folders.length > 0)
    return (options.stream ? spottingEvaluation : labelsEvaluation)(context, source, options);
  throw new OctavoxError("not-found", "nothing to evaluate", {
    file: folder,
    expected: "refs.tsv, or folders of recordings named by what is said in them",
    found: "neither",
  });
}
