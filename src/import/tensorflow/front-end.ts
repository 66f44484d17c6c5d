// The front end that a speech graph has inside: DecodeWav → AudioSpectrogram → Mfcc. It becomes data, by which octavox's
// own front end computes the same, and the graph begins with the matrix of features.

import type { ValueInfo } from "../../model/graph.ts";
import { attribute } from "./attributes.ts";
import { endsOf, producersOf, reachable, type TfNode } from "./nodes.ts";
import { unsupported } from "./operator.ts";

export interface FrontEnd {
  /** What the graph takes in the place of audio. */
  input: ValueInfo;
  /** Metadata of a keyword model. */
  metadata: { task: "keywords"; samples: number; features: Features };
}

/** A named front end of `src/features`, and where this one differs: lengths in samples, frequencies in Hz. */
export interface Features {
  preset: "tf-mfcc";
  window: { length: number };
  hop: number;
  fft: number;
  mel: { bands: number; low: number; high: number };
  dct: { count: number };
}

/** A longer clip than any model hears at once. */
const MOST_SAMPLES = 2 ** 24;
const LONGEST_WINDOW = 2 ** 16;

/**
 * The front end of a graph that has one.
 * @throws OctavoxError `unsupported` for two, and for what octavox's front end does not compute
 */
export function frontEndOf(nodes: readonly TfNode[]): FrontEnd | undefined {
  const [mfcc, second] = nodes.filter(({ op }) => op === "Mfcc");
  if (!mfcc) return undefined;
  if (second) throw unsupported(second, "one front end", `another one, "${mfcc.name}"`);
  const producer = producersOf(nodes);
  const spectrogram = before(mfcc, "AudioSpectrogram", producer);
  const wav = before(spectrogram, "DecodeWav", producer);
  if (!attribute.flag(spectrogram, "magnitude_squared"))
    throw unsupported(spectrogram, "magnitude_squared, of which Mfcc takes the root", "magnitudes");
  const samples = attribute.int(wav, "desired_samples", -1);
  const length = attribute.int(spectrogram, "window_size", 0);
  const hop = attribute.int(spectrogram, "stride", 0);
  if (!(samples > 0 && samples <= MOST_SAMPLES))
    throw unsupported(wav, "desired_samples, a number of samples", `${samples}`);
  if (attribute.int(wav, "desired_channels", -1) !== 1)
    throw unsupported(wav, "desired_channels 1", "others");
  if (!(length > 1 && length <= LONGEST_WINDOW && length <= samples && hop > 0))
    throw unsupported(spectrogram, "a window no longer than the clip, and a stride", `${length} and ${hop}`);
  const bands = attribute.int(mfcc, "filterbank_channel_count", 40);
  const count = attribute.int(mfcc, "dct_coefficient_count", 13);
  const [low, high] = [
    attribute.float(mfcc, "lower_frequency_limit", 20),
    attribute.float(mfcc, "upper_frequency_limit", 4000),
  ];
  const frames = 1 + Math.floor((samples - length) / hop);
  // The transform is the next power of two.
  const features: Features = {
    ...{ preset: "tf-mfcc", window: { length }, hop, fft: 2 ** Math.ceil(Math.log2(length)) },
    ...{ mel: { bands, low, high }, dct: { count } },
  };
  return {
    input: { name: mfcc.outputs[0], dtype: "float32", dims: [1, frames, count] },
    metadata: { task: "keywords", samples, features },
  };
}

/** The nodes behind the front end, its last one with nothing before it: the graph's input. */
export function behind({ input }: FrontEnd, nodes: readonly TfNode[]): TfNode[] {
  const ends = new Set(endsOf(nodes).map(({ name }) => name));
  const cut = nodes.map((node) => (node.outputs[0] === input.name ? { ...node, inputs: [] } : node));
  return reachable(
    cut,
    cut.filter(({ name }) => ends.has(name)),
  );
}

function before(node: TfNode, op: string, producer: ReadonlyMap<string, TfNode>): TfNode {
  const found = producer.get(node.inputs[0] ?? "");
  if (found?.op === op) return found;
  throw unsupported(node, `the result of ${op}`, found ? `that of ${found.op} "${found.name}"` : "no input");
}
