// The recogniser: word errors. It is published with 8-bit weights and nothing else, each matrix over a range of its own
// and activations quantized on the fly, which is the paper's scheme; fewer bits are made of those.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateTranscription, readRefs } from "../../src/evaluate/index.ts";
import { findModel } from "../../src/host/index.ts";
import { decodeAudio, Recognizer, toMono16k } from "../../src/index.ts";
import type { Model, Node } from "../../src/model/graph.ts";
import { readOvx, writeOvx } from "../../src/model/ovx.ts";
import { packMatrices, unpackMatrices } from "../../src/passes/panels.ts";
import { InputMoments, quantizeList, quantizeWeights } from "../../src/quantize/index.ts";
import { fileBytes } from "../../src/tensor/dtype.ts";
import { Tensor } from "../../src/tensor/tensor.ts";
import { ownSeconds, type Row, type ShowProgress, type Subject } from "./row.ts";

export interface RecogniserData {
  /** A folder of recordings with refs.tsv. */
  test: string;
  /** Recordings that nobody has to have written down. */
  calibration: readonly string[];
  limit?: number | undefined;
}

/** Inputs that hold a matrix, its scale and its zero point. */
const layouts: Readonly<Record<string, readonly [b: number, scale: number, zero: number]>> = {
  MatMulIntegerToFloat: [1, 3, 5],
  ConvIntegerToFloat: [1, 3, 5],
  GatherDequantize: [0, 1, 2],
};

export function recogniserSubject(name: string, data: RecogniserData): Subject {
  const published = async () => new Uint8Array(readFileSync(await findModel(name)));
  const article = (bits: number) => async (progress: ShowProgress) =>
    judge(writeOvx(onFewerBits(readOvx(await published()), bits)), data, progress);
  const asPublished = async (progress: ShowProgress) => judge(await published(), data, progress);
  return {
    name,
    rows: {
      ...{ "article 8": asPublished, "best 8": asPublished },
      ...{ "article 6": article(6), "article 4": article(4) },
      "best 4": async (progress) => {
        const bytes = await published();
        const moments = await listen(bytes, data, progress);
        const onProgress = ({ done, total }: { done: number; total: number }) =>
          progress(done, total, "rounding");
        const options = { bits: 4, block: 64, spare: 0.05, moments, onProgress } as const;
        return judge(writeOvx(await quantizeWeights(readOvx(bytes), options)), data, progress);
      },
    },
  };
}

/** What the products are multiplied with. */
async function listen(
  bytes: Uint8Array,
  { calibration, limit }: RecogniserData,
  progress: ShowProgress,
): Promise<InputMoments> {
  const moments = new InputMoments();
  await using recogniser = await Recognizer.load(bytes, { observe: moments });
  for (const [i, file] of calibration.slice(0, limit).entries()) {
    progress(i, calibration.length, "observing");
    await recogniser.transcribe(toMono16k(await decodeAudio(new Uint8Array(readFileSync(file)), { file })));
  }
  return moments;
}

/** The article's scheme with fewer bits: every matrix over its range, and what meets it on as many steps. */
function onFewerBits(model: Model, bits: number): Model {
  const made = new Map<Tensor, readonly [q: Tensor, scale: Tensor, zero: Tensor]>();
  const graphs = model.graphs.map((packed) => {
    const graph = unpackMatrices(packed);
    const constants = new Map(graph.constants);
    const nodes = graph.nodes.map((node): Node => {
      if (node.op === "DynamicQuantizeLinear") return { ...node, attributes: { ...node.attributes, bits } };
      const layout = layouts[node.op];
      const [b, scale, zero] = layout?.map((at) => graph.constants.get(node.inputs[at])) ?? [];
      if (!b || !scale || !zero) return node;
      const parts = made.get(b) ?? requantized(b, scale, zero, bits);
      made.set(b, parts);
      const inputs = [...node.inputs];
      layout.forEach((at, part) => {
        inputs[at] = `${node.inputs[at]}/${bits} bits of ${node.inputs[layout[0]]}`;
        constants.set(inputs[at], parts[part]);
      });
      return { ...node, inputs };
    });
    const used = new Set(nodes.flatMap(({ inputs }) => inputs));
    return { ...graph, nodes, constants: new Map([...constants].filter(([name]) => used.has(name))) };
  });
  const panels = new Map();
  return { ...model, graphs: graphs.map((graph) => packMatrices(graph, panels)) };
}

function requantized(
  b: Tensor,
  scale: Tensor,
  zero: Tensor,
  bits: number,
): readonly [Tensor, Tensor, Tensor] {
  const n = b.dims[1];
  const [scales, zeros] = [scale.numbers(), zero.numbers()];
  const at = (list: readonly number[], column: number): number => list[list.length === 1 ? 0 : column];
  const floats = Array.from(b.data as Int8Array, (q, i) => (q - at(zeros, i % n)) * at(scales, i % n));
  const { Q, RQM, values } = quantizeList(floats, bits);
  const half = 2 ** (bits - 1);
  return [
    new Tensor(
      bits <= 4 ? "int4" : "int8",
      Int8Array.from(values, (q) => q - half),
      b.dims,
    ),
    new Tensor("float32", [1 / Q], []),
    new Tensor("int8", [-RQM - half], []),
  ];
}

/** Every matrix once. */
function weightBytes({ graphs }: Model): number {
  const seen = new Map<Tensor, number>();
  for (const { constants } of graphs)
    for (const tensor of constants.values())
      if (tensor.size > 1024) seen.set(tensor, fileBytes(tensor.dtype, tensor.size));
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}

async function judge(
  file: Uint8Array,
  { test, limit }: RecogniserData,
  progress: ShowProgress,
): Promise<Row> {
  await using recogniser = await Recognizer.load(file);
  const refs = readRefs(readFileSync(join(test, "refs.tsv"), "utf8")).slice(0, limit);
  const items = refs.map(({ id, text }) => {
    const path = join(test, `${id}.flac`);
    const load = () => decodeAudio(new Uint8Array(readFileSync(path)), { file: path });
    return { id, reference: text, load };
  });
  let processing = 0;
  const timed = {
    async transcribe(...all: Parameters<Recognizer["transcribe"]>) {
      const started = ownSeconds();
      const heard = await recogniser.transcribe(...all);
      processing += ownSeconds() - started;
      return heard;
    },
  };
  const { value, audioSeconds } = await evaluateTranscription(timed, items, {
    onProgress: ({ done, total }) => progress(done, total, "listening"),
  });
  const weights = weightBytes(readOvx(file));
  return {
    metric: "wer",
    value,
    weightBytes: weights,
    fileBytes: file.length,
    rtf: processing / audioSeconds,
  };
}
