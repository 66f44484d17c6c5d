// `octavox quantize --scheme w4` for a model whose matrices are integers already, as a recogniser's are: their weights
// go to 4 bits in blocks, rounded by what the products were multiplied with on recordings.

import { basename, relative } from "node:path";
import { OctavoxError } from "../errors.ts";
import { choose, inTurn } from "../evaluate/index.ts";
import { readBytes, recordingsIn, writeAtomically } from "../host/index.ts";
import { decodeAudio, Recognizer } from "../index.ts";
import type { InputMoments, LayerReport, QuantizationReport, Scheme } from "../quantize/index.ts";
import type { Context } from "./context.ts";
import { deliver } from "./quantize-report.ts";

type Model = Parameters<typeof import("../quantize/index.ts").quantizeWeights>[0];

interface Source {
  name: string;
  model: Model;
  fileBefore: number;
}

interface Options {
  output: string;
  scheme: string;
  /** Weights that share a scale. */
  block: number;
  calibrate?: string;
  method?: string;
  keep?: string[];
  limit?: number;
  seed?: number;
  json?: boolean;
  report?: string;
}

/** Weights that share a scale, where the scheme does not say. */
const BLOCK = 64;
/** Share of the weights that may stay on 8 bits: those whose results would suffer most. */
const SPARE = 0.05;

/** Options of `octavox quantize` that are about float layers. */
const floatOnly = ["budget", "layer", "sweep", "evaluate", "keywords", "keepUnsupported"] as const;

/** The block size of a scheme that puts weights, and nothing else, on 4 bits; undefined for another. */
export function blocksOf({ weights, activations }: Scheme): number | undefined {
  if (weights?.bits !== 4 || activations) return undefined;
  const { granularity } = weights;
  if (typeof granularity === "object") return granularity.block;
  return granularity === "channel" ? BLOCK : undefined;
}

export async function quantizeBlocks(
  context: Context,
  { name, model, fileBefore }: Source,
  options: Options & { readonly [name in (typeof floatOnly)[number]]?: unknown },
): Promise<void> {
  checkOptions(options);
  const { terminal, signal } = context;
  const { block, keep, calibrate, scheme, output } = options;
  const [{ quantizeWeights, fitBlocks, gptqBlocks, InputMoments }, { writeOvx }] = await Promise.all([
    import("../quantize/index.ts"),
    import("../import.ts"),
  ]);
  const moments = calibrate === undefined ? undefined : new InputMoments();
  if (moments) await listen(context, model, moments, { ...options, folder: calibrate! });
  const method = options.method ?? (moments ? "gptq" : "mse");
  const layers: LayerReport[] = [];
  const bar = terminal.progress(basename(name));
  const quantized = await quantizeWeights(model, {
    ...{ bits: 4, block, keep, moments, spare: moments ? SPARE : 0, signal },
    round: method === "gptq" ? gptqBlocks : fitBlocks,
    onProgress: ({ done, total, name: layer }) => bar.update(done, total, `rounding ${layer}`),
    onLayer: (layer) => layers.push(layer),
  }).finally(() => bar.end());
  const quantization = { scheme, method };
  const packed = writeOvx({ ...quantized, metadata: { ...quantized.metadata, quantization } });
  signal.throwIfAborted();
  await writeAtomically(output, packed);
  const files = { input: name, output, fileBefore, fileAfter: packed.length };
  await deliver(context, files, reportOf(scheme, method, layers), options);
}

/** Runs the model on recordings, and has its products' inputs noted. */
async function listen(
  { terminal, signal }: Context,
  model: Model,
  moments: InputMoments,
  { folder, limit, seed }: Pick<Options, "limit" | "seed"> & { folder: string },
): Promise<void> {
  const files = choose(inTurn(await recordingsIn(folder)), { limit, seed });
  using recognizer = await Recognizer.load(model, { observe: moments, signal });
  const bar = terminal.progress(folder);
  try {
    for (const [done, file] of files.entries()) {
      bar.update(done, files.length, `listening to ${relative(folder, file)}`);
      const clip = await decodeAudio(await readBytes(file, { signal }), { file, signal });
      await recognizer.transcribe(clip.samples, { sampleRate: clip.sampleRate, signal });
    }
  } finally {
    bar.end();
  }
}

function checkOptions(options: Parameters<typeof quantizeBlocks>[2]): void {
  const { method, calibrate } = options;
  const vain = floatOnly.find((name) => options[name] !== undefined);
  if (vain !== undefined)
    throw new OctavoxError("argument", `--${vain.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`, {
      expected: "a model with float layers",
      found: "one whose matrices are integers already",
    });
  const known = calibrate === undefined ? ["mse"] : ["gptq", "mse"];
  if (method === undefined || known.includes(method)) return;
  throw new OctavoxError("argument", "--method for matrices that are integers already", {
    expected: known.join(" or "),
    found: method,
    ...(method === "gptq" ? { remedy: "gptq needs recordings: --calibrate FOLDER" } : {}),
  });
}

function reportOf(scheme: string, method: string, layers: readonly LayerReport[]): QuantizationReport {
  const sum = (of: (layer: LayerReport) => number) => layers.reduce((total, layer) => total + of(layer), 0);
  return {
    ...{ scheme, method, observer: "dynamic", layers, histograms: [], agreement: null, kept: [] },
    bytesBefore: sum(({ bytesBefore }) => bytesBefore),
    bytesAfter: sum(({ bytesAfter }) => bytesAfter),
    bytesScales: sum(({ bytesScales }) => bytesScales),
  };
}
