// octavox convert MODEL -o FILE: any model octavox reads, as a packed file.

import { Command } from "commander";
import { findModel, readModelFile, writeAtomically } from "../host/index.ts";
import type { Context } from "./context.ts";
import { byteSize } from "./terminal.ts";

const examples = `
Examples:
  octavox convert keywords.onnx -o keywords.ovx
  octavox convert ds_cnn.pb -o ds_cnn.ovx            labels from labels.txt beside it`;

export function convertCommand(context: Context): Command {
  return new Command("convert")
    .summary("pack a model of another format")
    .description("Reads a model (.onnx, .pb), lets the passes simplify it, and writes a packed one (.ovx).")
    .argument("<model>", "name or path of a model")
    .requiredOption("-o, --output <file>", "packed model to write")
    .addHelpText("after", examples)
    .action((model: string, { output }: { output: string }) => convert(context, model, output));
}

async function convert({ terminal, signal }: Context, name: string, output: string): Promise<void> {
  const path = await findModel(name, { signal });
  const { model, bytes } = await readModelFile(path, { signal });
  const { prepareModel, writeOvx } = await import("../import.ts");
  const packed = writeOvx(prepareModel(model, { keepIntegers: true }));
  signal.throwIfAborted();
  await writeAtomically(output, packed);
  terminal.out(`${terminal.bold(output)}  ${byteSize(packed.length)} (${byteSize(bytes)} before)`);
}
