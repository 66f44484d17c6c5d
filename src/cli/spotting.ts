// What the verbs share that look for words in a stream: options, and how a word found is printed.

import { type Command, Option } from "commander";
import type { Detection, KernelChoice, SpotterOptions } from "../index.ts";
import { spotterDefaults } from "../index.ts";
import { count, decimal, kernelsOption, keywordsOption, nameList } from "./options.ts";
import type { Terminal } from "./terminal.ts";

export interface SpottingOptions extends SpotterOptions {
  kernels?: KernelChoice;
  keywords?: string;
}

/** How words are found, and with which model. */
export function addSpottingOptions(command: Command): Command {
  return addSpotterOptions(command).addOption(keywordsOption()).addOption(kernelsOption());
}

export function addSpotterOptions(command: Command): Command {
  const { hop, smoothing, threshold, refractory } = spotterDefaults;
  const option = (flags: string, text: string, parse: (text: string) => unknown, value?: number) =>
    command.addOption(
      new Option(flags, text).argParser(parse).default(value).helpGroup("How words are found:"),
    );
  option("--threshold <score>", "least score of a word, 0 to 1", decimal, threshold);
  option("--smoothing <windows>", "windows whose scores are averaged", count, smoothing);
  option("--hop <ms>", "time from one window to the next", decimal, hop);
  option("--refractory <ms>", "time after a word in which no other is found", decimal, refractory);
  option("--labels <list>", "words to look for, separated by commas; otherwise all that are words", nameList);
  return command;
}

/** The spotter's part of the options. */
export function spotterOptions({
  hop,
  smoothing,
  threshold,
  refractory,
  labels,
}: SpottingOptions): SpotterOptions {
  return { hop, smoothing, threshold, refractory, labels };
}

/** A line for each word found: when, what, how sure; or JSON. */
export function printDetections(
  terminal: Terminal,
  found: readonly Detection[],
  json: boolean | undefined,
): void {
  for (const { label, score, time } of found)
    terminal.out(
      json
        ? JSON.stringify({ label, score, time })
        : `${time.toFixed(2).padStart(8)} s  ${label}  ${score.toFixed(2)}`,
    );
}
