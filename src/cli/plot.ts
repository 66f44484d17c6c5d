// octavox plot WHAT

import { basename } from "node:path";
import { Command, Option } from "commander";
import { OctavoxError } from "../errors.ts";
import { type FeatureMatrix, type FrontEnd, loadFeatures, presets } from "../features/index.ts";
import { readBytes, writeAtomically } from "../host/index.ts";
import { decodeAudio, toMono16k } from "../index.ts";
import type { Context } from "./context.ts";
import { bitList } from "./options.ts";

const examples = `
Examples:
  octavox plot sine -o sine.svg
  octavox plot sine --bits 2,3,4 -o steps.svg
  octavox plot features talk.wav --preset whisper-logmel -o talk.svg`;

export function plotCommand(context: Context): Command {
  const command = new Command("plot")
    .summary("draw what quantization does, or what a model hears")
    .description("Draws what quantization does, or what a model hears, as SVG.")
    .helpCommand(false)
    .addHelpText("after", examples);
  command
    .command("sine")
    .description("a sine curve, what is left of it after so many bits, and the error")
    .option("--bits <list>", "numbers of bits, 2 to 16, separated by commas", bitList, [4, 8])
    .requiredOption("-o, --output <file>", "file to write")
    .action((options: { bits: number[]; output: string }) => plotSine(context, options));
  command
    .command("features")
    .description("the features of a recording over time, below its waveform")
    .argument("<file>", "an audio file")
    .addOption(
      new Option("--preset <name>", "a front end").choices(Object.keys(presets)).default("moonshine-logmel"),
    )
    .requiredOption("-o, --output <file>", "file to write")
    .action((file: string, options: { preset: string; output: string }) =>
      plotFeatures(context, file, options),
    );
  return command;
}

async function plotSine(
  { terminal }: Context,
  { bits, output }: { bits: readonly number[]; output: string },
): Promise<void> {
  // The charts' library is large, and no other verb needs it.
  const { sineFigure } = await import("../charts/index.ts");
  await writeAtomically(output, new TextEncoder().encode(sineFigure(bits)));
  terminal.out(output);
}

async function plotFeatures(
  { terminal, signal }: Context,
  file: string,
  { preset, output }: { preset: string; output: string },
): Promise<void> {
  const clip = await decodeAudio(await readBytes(file, { signal }), { file, signal });
  const samples = toMono16k(clip);
  const frontEnd = await loadFeatures({ preset });
  const { sampleRate, dct } = frontEnd.preset;
  const { featureFigure } = await import("../charts/index.ts");
  const matrix = featuresOf(frontEnd, samples, file);
  const name = basename(file);
  const figure = featureFigure({ name, preset, samples, sampleRate, matrix, cepstral: dct !== null });
  await writeAtomically(output, new TextEncoder().encode(figure));
  terminal.out(output);
}

/** A front end knows samples only: that they are too few is told with the file's name. */
function featuresOf(frontEnd: FrontEnd, samples: Float32Array, file: string): FeatureMatrix {
  try {
    return frontEnd.run(samples);
  } catch (error) {
    throw error instanceof OctavoxError ? error.with({ file }) : error;
  }
}
