// octavox plot WHAT

import { Command } from "commander";
import { writeAtomically } from "../host/index.ts";
import type { Context } from "./context.ts";
import { bitList } from "./options.ts";

const examples = `
Examples:
  octavox plot sine -o sine.svg
  octavox plot sine --bits 2,3,4 -o steps.svg`;

export function plotCommand(context: Context): Command {
  const command = new Command("plot")
    .summary("draw what quantization does")
    .description("Draws what quantization does, as SVG.")
    .helpCommand(false)
    .addHelpText("after", examples);
  command
    .command("sine")
    .description("a sine curve, what is left of it after so many bits, and the error")
    .option("--bits <list>", "numbers of bits, 2 to 16, separated by commas", bitList, [4, 8])
    .requiredOption("-o, --output <file>", "file to write")
    .action((options: { bits: number[]; output: string }) => plotSine(context, options));
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
