// octavox convert MODEL -o FILE: any model octavox reads, as a packed file.

import { Command } from "commander";
import { findModel, readModelFile, writeAtomically } from "../host/index.ts";
import type { Context } from "./context.ts";
import { addSpecialOptions, type SpecialOptions, specialisationOf } from "./special.ts";
import { byteSize } from "./terminal.ts";

const examples = `
Examples:
  octavox convert keywords.onnx -o keywords.ovx
  octavox convert ds_cnn.pb -o ds_cnn.ovx            labels from labels.txt beside it
  octavox convert silero_vad.onnx -o vad.ovx --bind sr=16000 --size batch=1 sequence=576 --feedback state=stateN`;

interface Options extends SpecialOptions {
  output: string;
}

export function convertCommand(context: Context): Command {
  return addSpecialOptions(new Command("convert"))
    .summary("pack a model of another format")
    .description("Reads a model (.onnx, .pb), lets the passes simplify it, and writes a packed one (.ovx).")
    .argument("<model>", "name or path of a model")
    .requiredOption("-o, --output <file>", "packed model to write")
    .addHelpText("after", examples)
    .action((model: string, options: Options) => convert(context, model, options));
}

async function convert({ terminal, signal }: Context, name: string, options: Options): Promise<void> {
  const special = specialisationOf(options);
  const path = await findModel(name, { signal });
  const { model, bytes } = await readModelFile(path, { signal });
  const { prepareModel, specialiseModel, writeOvx } = await import("../import.ts");
  const packed = writeOvx(prepareModel(specialiseModel(model, special), { keepIntegers: true }));
  signal.throwIfAborted();
  await writeAtomically(options.output, packed);
  terminal.out(`${terminal.bold(options.output)}  ${byteSize(packed.length)} (${byteSize(bytes)} before)`);
}
