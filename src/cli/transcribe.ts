// octavox transcribe FILE…

import { Command, Option } from "commander";
import { readBytes } from "../host/index.ts";
import { decodeAudio, type KernelChoice, type Recognizer } from "../index.ts";
import type { Context } from "./context.ts";
import { type Format, formats, printTranscript } from "./formats.ts";
import { openRecognizer } from "./load.ts";
import { DEFAULT_MODEL, kernelsOption, threadsOption } from "./options.ts";
import { errorLine } from "./report.ts";

interface Options {
  model: string;
  format: Format;
  threads: number;
  kernels?: KernelChoice;
  debug?: boolean;
}

const examples = `
Examples:
  octavox transcribe talk.wav
  octavox transcribe interview.flac --format srt > interview.srt
  octavox transcribe *.wav --format json | jq -r .text
  arecord -f S16_LE -r 16000 -d 5 | octavox transcribe -

WAV and FLAC are read, at any rate and with any number of channels. "-" is standard input.`;

export function transcribeCommand(context: Context): Command {
  return new Command("transcribe")
    .summary("write down what is said in audio files")
    .description("Writes down what is said in audio files. Everything runs on this machine.")
    .argument("<files...>", "audio files, or - for standard input")
    .option("--model <name|path>", "a recogniser", DEFAULT_MODEL)
    .addOption(new Option("--format <format>", "format of the result").choices(formats).default("text"))
    .addOption(threadsOption())
    .addOption(kernelsOption())
    .addHelpText("after", examples)
    .action((files: string[], options: Options) => transcribe(context, files, options));
}

async function transcribe(context: Context, files: readonly string[], options: Options): Promise<void> {
  const { terminal } = context;
  using recognizer = await openRecognizer(context, options);
  for (const [index, file] of files.entries()) {
    try {
      const transcript = await transcribeFile(context, recognizer, file);
      const { kernels, threads } = recognizer;
      if (files.length > 1 && options.format !== "json")
        terminal.out(`${index > 0 ? "\n" : ""}${terminal.bold(file)}`);
      terminal.out(printTranscript[options.format]({ file, ...transcript, kernels, threads }));
      if (terminal.watched) terminal.note(terminal.dim(cost(transcript, recognizer)));
    } catch (error) {
      // One bad file does not keep the others from being heard.
      if (files.length === 1 || context.signal.aborted) throw error;
      terminal.note(errorLine(error, options.debug));
      process.exitCode = 1;
    }
  }
}

async function transcribeFile({ terminal, signal }: Context, recognizer: Recognizer, file: string) {
  const bar = terminal.progress(file);
  try {
    const bytes = await readBytes(file, { signal });
    const { samples, sampleRate } = await decodeAudio(bytes, { file, signal });
    return await recognizer.transcribe(samples, {
      sampleRate,
      signal,
      onProgress: ({ done, total }) => bar.update(done, total),
    });
  } finally {
    bar.end();
  }
}

type Transcribed = Awaited<ReturnType<typeof transcribeFile>>;

function cost(
  { audioSeconds, processingSeconds, rtf }: Transcribed,
  { kernels, threads }: Recognizer,
): string {
  const speed = `${audioSeconds.toFixed(1)} s of audio in ${processingSeconds.toFixed(2)} s`;
  return `${speed}, real-time factor ${rtf.toFixed(4)}, ${kernels} kernels${threads > 1 ? `, ${threads} threads` : ""}`;
}
