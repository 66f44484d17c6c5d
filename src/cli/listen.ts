// octavox listen MODEL

import { Command, Option } from "commander";
import { PcmStream, type RecorderName, record, recorderNames } from "../host/index.ts";
import { KeywordSpotter } from "../index.ts";
import type { Context } from "./context.ts";
import { openKeywords } from "./load.ts";
import { addSpottingOptions, printDetections, type SpottingOptions, spotterOptions } from "./spotting.ts";

interface Options extends SpottingOptions {
  json?: boolean;
  recorder?: RecorderName;
}

const examples = `
Examples:
  octavox listen keywords.ovx
  octavox listen keywords.ovx --labels stop --threshold 0.9 --json

The microphone is heard through ${recorderNames.join(", ")}, whichever is found first. Ctrl-C ends it.`;

export function listenCommand(context: Context): Command {
  const command = new Command("listen")
    .summary("find keywords in what the microphone hears")
    .description("Finds a keyword model's words in what the microphone hears, until it is interrupted.")
    .argument("<model>", "path of a keyword model")
    .option("--json", "print a line of JSON for each word")
    .addOption(new Option("--recorder <program>", "program to record with").choices(recorderNames));
  return addSpottingOptions(command)
    .addHelpText("after", examples)
    .action((model: string, options: Options) => listen(context, model, options));
}

async function listen(context: Context, path: string, options: Options): Promise<void> {
  const { terminal, signal } = context;
  using model = await openKeywords(context, { ...options, model: path });
  const spotter = new KeywordSpotter(model, spotterOptions(options));
  const { recorder, bytes } = await record(model.sampleRate, { recorder: options.recorder, signal });
  if (terminal.watched) terminal.note(terminal.dim(`listening through ${recorder}; Ctrl-C ends it`));
  const stream = new PcmStream({ sampleRate: model.sampleRate, raw: true });
  try {
    for await (const piece of bytes)
      printDetections(terminal, await spotter.push(stream.push(piece), { signal }), options.json);
  } catch (error) {
    // An interrupt is how this ends.
    if (!signal.aborted) throw error;
  }
}
