// octavox quantize MODEL -o FILE: a float model on few bits, with the account of what that costs.

import { basename, relative } from "node:path";
import { Command, Option } from "commander";
import { OctavoxError } from "../errors.ts";
import { choose, inTurn } from "../evaluate/index.ts";
import {
  findModel,
  readBytes,
  readKeywordFile,
  readModelFile,
  recordingsIn,
  writeAtomically,
} from "../host/index.ts";
import { decodeAudio } from "../index.ts";
import type {
  CalibrationSet,
  Evaluation,
  Progress,
  SchemeRule,
  SweepOptions,
  SweepPoint,
} from "../quantize/index.ts";
import type { Context } from "./context.ts";
import { count, decimal, keywordsOption, seed } from "./options.ts";
import { blocksOf, quantizeBlocks } from "./quantize-blocks.ts";
import { type Judge, judgeBy } from "./quantize-evaluate.ts";
import { deliver } from "./quantize-report.ts";
import { addSpecialOptions, type SpecialOptions, specialisationOf } from "./special.ts";

type FloatModel = Parameters<typeof import("../quantize/index.ts").calibrationFrom>[0];

interface Options extends SpecialOptions {
  output: string;
  scheme: string;
  calibrate?: string;
  method?: string;
  observer?: string;
  budget?: number;
  keep?: string[];
  layer?: string[];
  keepUnsupported?: boolean;
  keywords?: string;
  evaluate?: string;
  report?: string;
  sweep?: boolean;
  limit?: number;
  seed?: number;
  json?: boolean;
}

const examples = `
Examples:
  octavox quantize model.onnx -o model.ovx --scheme w8
  octavox quantize keywords.onnx -o keywords-w8a8.ovx --scheme w8a8 --calibrate clips/ --keywords keywords.json
  octavox quantize keywords.ovx -o small.ovx --scheme w4a8 --method gptq+bias --observer mse --calibrate clips/ \\
    --layer @first=w8a8 --keep classifier --report small.html
  octavox quantize moonshine-tiny -o moonshine-4.ovx --scheme w4 --calibrate recordings/
  octavox quantize keywords.ovx -o careful.ovx --scheme w4a8 --calibrate clips/ --budget 0.5
  octavox quantize keywords.pb -o small.ovx --calibrate clips/ --evaluate labelled/ --report small.html
  octavox quantize keywords.ovx -o small.ovx --calibrate clips/ --method mse --report bits.html --sweep

Schemes: w8a8, w8a8-dynamic, w4a8, w8a16, w16a16, w8 (weights only), pow2 (scales are powers of two), article (the
founding article's; article2 … article16), and any mix as w6a8, w4-block32, w8a8-tensor, w8a8-dynamic-gate.
Of a recogniser whose weights are integers already, w4 (in blocks of 64) or w4-block32 puts them on 4 bits, by gptq with
recordings of speech, else by mse.
Methods: nearest, mse, gptq, adaround, bias, equalize, smooth, with + between them. Observers: auto, minmax, average, percentile99.9,
mse, entropy.
Patterns: a layer's name with * and ?, an operator (LSTM), or @first, @last, @depthwise, @recurrent, @small.
Clips are recordings in a folder, or in a folder for each label; what is said in them does not matter. Other sample
rates are resampled. A budget counts the calibration clips that the model answers otherwise than the float one.`;

export function quantizeCommand(context: Context): Command {
  return addSpecialOptions(new Command("quantize"))
    .summary("put a model's weights and activations on few bits")
    .description("Puts a float model (.onnx, .pb, .ovx) on few bits, and tells what each layer lost.")
    .argument("<model>", "name or path of a float model")
    .requiredOption("-o, --output <file>", "packed model to write")
    .option("--scheme <name>", "bits of weights and activations", "w8a8")
    .option("--calibrate <folder>", "recordings that show the ranges of the activations")
    .option("--method <words>", "how weights are rounded")
    .option("--observer <name>", "how ranges are chosen", "auto")
    .addOption(
      new Option(
        "--budget <points>",
        "give layers more bits until answers differ in no more percent of the clips",
      ).argParser(decimal),
    )
    .option("--keep <patterns...>", "layers that stay in float")
    .option("--layer <pattern=scheme...>", "layers with another scheme")
    .option("--keep-unsupported", "leave in float what the scheme cannot do")
    .addOption(keywordsOption())
    .option("--evaluate <folder>", "recordings in a folder for each label: accuracy, in float and quantized")
    .option("--report <file>", "write a page with charts")
    .option("--sweep", "for the page, try 2 to 16 bits as well (takes as long as so many calls)")
    .addOption(new Option("--limit <number>", "only so many recordings, of either folder").argParser(count))
    .addOption(new Option("--seed <number>", "draw the recordings by chance").argParser(seed))
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action((model: string, options: Options) => run(context, model, options));
}

async function run(context: Context, name: string, options: Options): Promise<void> {
  const { terminal, signal } = context;
  const path = await findModel(name, { signal });
  // Converter and quantizer are large, and other verbs do without.
  const [{ prepareModel, specialiseModel, writeOvx }, quantizer] = await Promise.all([
    import("../import.ts"),
    import("../quantize/index.ts"),
  ]);
  const { quantize, schemeNamed, hasIntegerMatrices } = quantizer;
  const { model: read, bytes: fileBefore } = await readModelFile(path, { signal });
  const blocks = blocksOf(schemeNamed(options.scheme));
  if (blocks !== undefined && hasIntegerMatrices(read))
    return quantizeBlocks(context, { name, model: read, fileBefore }, { ...options, block: blocks });
  const source = specialiseModel(read, specialisationOf(options));
  const settings = options.keywords === undefined ? undefined : await readKeywordFile(options.keywords);
  const model = settings
    ? { ...source, metadata: { ...source.metadata, task: "keywords", ...settings } }
    : source;
  const rules = (options.layer ?? []).map((text) => ruleOf(text, schemeNamed));
  const calibration = options.calibrate === undefined ? undefined : await clips(context, model, options);
  const judge = options.evaluate === undefined ? undefined : await judgeFor(context, model, options);
  const bar = terminal.progress(basename(path));
  const onProgress = ({ stage, done, total, name: layer }: Progress): void =>
    bar.update(done, total, layer === undefined ? stage : `${stage} ${layer}`);
  const { scheme, method, observer, budget, keep, keepUnsupported } = options;
  const quantized = await quantize(model, {
    ...{ scheme, method, observer, budget, keep, keepUnsupported, rules, calibration },
    ...{ signal, onProgress },
  }).finally(() => bar.end());
  const prepare = (own: FloatModel) => prepareModel(own, { keepIntegers: true });
  const packed = writeOvx(prepare(quantized.model));
  signal.throwIfAborted();
  await writeAtomically(options.output, packed);
  const files = { input: name, output: options.output, fileBefore, fileAfter: packed.length };
  const evaluation = judge && (await evaluated(judge, prepareModel(model), packed));
  const report = evaluation ? { ...quantized.report, evaluation } : quantized.report;
  const judged =
    judge && (async (own: FloatModel, what: string) => (await judge.run(prepare(own), what)).value);
  const wanted = options.report !== undefined && options.sweep;
  const swept = { ...options, rules, calibration, judge: judged };
  const points = wanted ? await sweep(context, model, swept) : [];
  await deliver(context, files, report, { ...options, points });
}

function judgeFor(context: Context, { metadata }: FloatModel, { evaluate, limit, seed: from }: Options) {
  const labels = (metadata.labels ?? []) as readonly string[];
  return judgeBy(context, evaluate!, labels, { limit, seed: from });
}

async function evaluated(judge: Judge, before: FloatModel, after: Uint8Array): Promise<Evaluation> {
  const { dataset, items } = judge;
  const float = await judge.run(before, "float");
  return { dataset, items, metric: "accuracy", float, integer: await judge.run(after, "quantized") };
}

async function sweep(
  { terminal, signal }: Context,
  model: FloatModel,
  { method, observer, keep, keepUnsupported, rules, calibration, judge }: SweepOptions,
): Promise<SweepPoint[]> {
  const { sweepBits } = await import("../quantize/index.ts");
  const bar = terminal.progress("2 to 16 bits");
  const onProgress = (done: number, total: number, scheme: string): void => bar.update(done, total, scheme);
  return sweepBits(model, {
    ...{ method, observer, keep, keepUnsupported, rules, calibration, judge, signal, onProgress },
  }).finally(() => bar.end());
}

/** Recordings in turn from each label's folder, so that a part of them has all labels. */
async function clips(
  { terminal, signal }: Context,
  model: FloatModel,
  { calibrate, limit, seed: from }: Options,
): Promise<CalibrationSet> {
  const folder = calibrate!;
  const { calibrationFrom } = await import("../quantize/index.ts");
  const recordings = choose(inTurn(await recordingsIn(folder)), { limit, seed: from }).map((file) => ({
    name: relative(folder, file),
    load: async () => decodeAudio(await readBytes(file, { signal }), { file, signal }),
  }));
  const rates = new Set<number>();
  return calibrationFrom(model, recordings, {
    onResample(recording, rate, to) {
      if (!rates.has(rate))
        terminal.note(`octavox: recordings of ${rate} Hz (${recording}, …) are resampled to ${to} Hz`);
      rates.add(rate);
    },
  });
}

/** "LSTM=w4a8" */
function ruleOf(text: string, schemeNamed: (name: string) => SchemeRule["scheme"]): SchemeRule {
  const at = text.lastIndexOf("=");
  if (at < 1)
    throw new OctavoxError("argument", "--layer", {
      expected: "a pattern, = and a scheme, as LSTM=w4a8",
      found: text,
    });
  return { layers: text.slice(0, at), scheme: schemeNamed(text.slice(at + 1)) };
}
