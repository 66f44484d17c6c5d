// octavox spot MODEL FILE

import { Command } from "commander";
import { OctavoxError } from "../errors.ts";
import { PcmStream, readBytes, readPieces } from "../host/index.ts";
import { decodeAudio, type KeywordModel, KeywordSpotter } from "../index.ts";
import type { Context } from "./context.ts";
import { openKeywords } from "./load.ts";
import { addSpottingOptions, printDetections, type SpottingOptions, spotterOptions } from "./spotting.ts";

interface Options extends SpottingOptions {
  json?: boolean;
}

const examples = `
Examples:
  octavox spot keywords.ovx talk.wav
  octavox spot keywords.ovx talk.flac --json --labels yes,no | jq -r .time
  arecord -q -t raw -f S16_LE -r 16000 | octavox spot keywords.ovx -

A word's time is where the window ends in which it was found. "-" is standard input: a WAV file, or 16-bit
little-endian mono samples at the model's rate without a header; words are printed while it comes. Behind the end of
a file or stream there is half a window of silence.`;

export function spotCommand(context: Context): Command {
  const command = new Command("spot")
    .summary("find keywords in audio files and streams")
    .description("Finds a keyword model's words in an audio file, or in a stream as it comes.")
    .argument("<model>", "path of a keyword model")
    .argument("<file>", "audio file, or - for standard input")
    .option("--json", "print a line of JSON for each word");
  return addSpottingOptions(command)
    .addHelpText("after", examples)
    .action((model: string, file: string, options: Options) => spot(context, model, file, options));
}

async function spot(context: Context, path: string, file: string, options: Options): Promise<void> {
  const { terminal, signal } = context;
  using model = await openKeywords(context, { ...options, model: path });
  const spotter = new KeywordSpotter(model, spotterOptions(options));
  const pieces = file === "-" ? streamed(model.sampleRate, context) : clipped(file, model, context);
  for await (const piece of pieces)
    printDetections(terminal, await spotter.push(piece, { signal }), options.json);
  const silence = new Float32Array(Math.ceil(model.samples / 2));
  printDetections(terminal, await spotter.push(silence, { signal }), options.json);
}

/** Seconds of a file that are looked through before the words in them are printed and the bar moves on. */
const PIECE = 1;

async function* clipped(
  file: string,
  model: KeywordModel,
  { terminal, signal }: Context,
): AsyncGenerator<Float32Array> {
  const clip = await decodeAudio(await readBytes(file, { signal }), { file, signal });
  const samples = model.atItsRate(clip);
  const step = PIECE * model.sampleRate;
  const bar = terminal.progress(file);
  try {
    for (let at = 0; at < samples.length; at += step) {
      bar.update(at, samples.length);
      yield samples.subarray(at, at + step);
    }
  } finally {
    bar.end();
  }
}

async function* streamed(rate: number, { signal }: Context): AsyncGenerator<Float32Array> {
  const stream = new PcmStream({ sampleRate: rate, file: "-" });
  for await (const bytes of readPieces({ signal })) {
    const samples = stream.push(bytes);
    if (stream.sampleRate !== undefined && stream.sampleRate !== rate)
      throw new OctavoxError("unsupported", "sampling rate of a stream", {
        file: "-",
        expected: `${rate} Hz, the model's`,
        found: `${stream.sampleRate} Hz`,
        remedy: `Convert it on the way, for example with: sox - -r ${rate} -t wav -; files are resampled`,
      });
    yield samples;
  }
}
