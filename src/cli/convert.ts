// octavox convert MODEL -o FILE: any model octavox reads, as a packed file.

import { Command, InvalidArgumentError } from "commander";
import { findModel, readModelFile, writeAtomically } from "../host/index.ts";
import { OctavoxError } from "../index.ts";
import type { Context } from "./context.ts";
import { byteSize } from "./terminal.ts";

const examples = `
Examples:
  octavox convert keywords.onnx -o keywords.ovx
  octavox convert ds_cnn.pb -o ds_cnn.ovx            labels from labels.txt beside it
  octavox convert silero_vad.onnx -o vad.ovx --bind sr=16000 --size batch=1 sequence=576 --feedback state=stateN`;

interface Options {
  output: string;
  bind: Pairs | undefined;
  size: Pairs | undefined;
  feedback: Pairs | undefined;
}

export function convertCommand(context: Context): Command {
  return new Command("convert")
    .summary("pack a model of another format")
    .description("Reads a model (.onnx, .pb), lets the passes simplify it, and writes a packed one (.ovx).")
    .argument("<model>", "name or path of a model")
    .requiredOption("-o, --output <file>", "packed model to write")
    .option("--bind <input=number...>", "inputs that are always the same", pairs)
    .option("--size <name=number...>", "sizes that have one value", pairs)
    .option(
      "--feedback <input=output...>",
      "outputs that come back as inputs: kept from run to run, zeros at first",
      pairs,
    )
    .addHelpText("after", examples)
    .action((model: string, options: Options) => convert(context, model, options));
}

async function convert({ terminal, signal }: Context, name: string, options: Options): Promise<void> {
  const { output, bind = {}, size = {}, feedback } = options;
  const [numbers, sizes] = [numbersOf(bind, "--bind"), numbersOf(size, "--size")];
  const path = await findModel(name, { signal });
  const { model, bytes } = await readModelFile(path, { signal });
  const { prepareModel, specialiseModel, writeOvx } = await import("../import.ts");
  const special = specialiseModel(model, { bind: numbers, sizes, ...(feedback && { feedback }) });
  const packed = writeOvx(prepareModel(special, { keepIntegers: true }));
  signal.throwIfAborted();
  await writeAtomically(output, packed);
  terminal.out(`${terminal.bold(output)}  ${byteSize(packed.length)} (${byteSize(bytes)} before)`);
}

type Pairs = Readonly<Record<string, string>>;

/** "a=b" on top of those before. */
function pairs(text: string, before: Pairs = {}): Pairs {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError("It must be a name, = and a value.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

function numbersOf(given: Pairs, option: string): Record<string, number> {
  const all = Object.entries(given).map(([name, text]) => [name, Number(text)] as const);
  const wrong = all.find(([, value]) => !Number.isFinite(value));
  if (wrong)
    throw new OctavoxError("argument", `${option} ${wrong[0]}`, {
      expected: "a number",
      found: given[wrong[0]],
    });
  return Object.fromEntries(all);
}
