// What a keyword model says about itself: its words, how much audio it hears at once, and its front end; and how
// the front end's matrix lies in the graph's input.

import { OctavoxError } from "../errors.ts";
import type { FeatureSpec } from "../features/index.ts";
import type { Graph, Model, ValueInfo } from "../model/graph.ts";

/** Settings of a keyword model: its packed file's metadata, beside `task: "keywords"`. */
export interface KeywordSettings {
  /** One for each of the graph's outputs, in their order. */
  labels: readonly string[];
  /** Samples that are heard at once. */
  samples: number;
  /** Of these samples, in Hz; the front end's own. */
  sampleRate?: number | undefined;
  features: FeatureSpec;
}

const MOST_LABELS = 100_000;
const MOST_SAMPLES = 2 ** 24;

/**
 * The settings in a model's metadata, or in what a caller gives in their place.
 * @throws OctavoxError `format` when they are no keyword model's
 */
export function readKeywordSettings(metadata: Readonly<Record<string, unknown>>): KeywordSettings {
  const { task = "keywords", labels, samples, sampleRate, features } = metadata;
  const found =
    (metadata.recognizer !== undefined && "a recogniser") ||
    (task !== "keywords" && `task ${JSON.stringify(task)}`) ||
    (!isLabels(labels) && "no list of different labels") ||
    (!isCount(samples) && `samples ${JSON.stringify(samples)}`) ||
    (sampleRate !== undefined && typeof sampleRate !== "number" && "a sampleRate that is no number") ||
    (typeof features !== "object" && "no features");
  if (found)
    throw new OctavoxError("format", "the model is not a keyword model", {
      expected: 'task "keywords", labels, samples and features in its metadata',
      found,
      remedy: metadata.recognizer
        ? "`octavox transcribe` is for recognisers"
        : "`octavox inspect` shows what is in a file; `--keywords FILE` describes a model that does not itself",
    });
  return { labels, samples, sampleRate, features } as KeywordSettings;
}

function isLabels(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MOST_LABELS &&
    value.every((label) => typeof label === "string" && label !== "") &&
    new Set(value).size === value.length
  );
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) <= MOST_SAMPLES;
}

/** Where the matrix goes. */
export interface FeatureInput {
  name: string;
  dims: readonly number[];
  /** The graph takes [bands, frames] rather than [frames, bands]. */
  bandsFirst: boolean;
}

/**
 * Finds how [frames, width] lies in the one input of a graph: sizes of 1 and names count as fitting, and the matrix
 * may be flat, or turned.
 * @throws OctavoxError `format` when it does not fit
 */
export function featureInput(inputs: readonly ValueInfo[], frames: number, width: number): FeatureInput {
  const [input] = inputs;
  const wrong = (found: string): OctavoxError =>
    new OctavoxError("format", "the graph does not take what the front end gives", {
      expected: `one float32 input of ${frames} frames of ${width} features`,
      found,
    });
  if (inputs.length !== 1) throw wrong(`${inputs.length} inputs`);
  const { name, dtype, dims } = input;
  if (dtype !== "float32") throw wrong(`"${name}" of type ${dtype}`);
  if (!dims) return { name, dims: [1, frames, width], bandsFirst: false };
  const layouts: readonly (readonly [sizes: readonly number[], bandsFirst: boolean])[] = [
    [[frames, width], false],
    [[width, frames], true],
    [[frames * width], false],
  ];
  for (const [sizes, bandsFirst] of layouts) {
    const fitted = fit(dims, sizes);
    if (fitted) return { name, dims: fitted, bandsFirst };
  }
  throw wrong(`"${name}" [${dims.join(", ")}]`);
}

/** The dims with `sizes` somewhere in them in a row and 1 elsewhere; undefined where a number contradicts. */
function fit(dims: readonly (number | string)[], sizes: readonly number[]): number[] | undefined {
  for (let at = dims.length - sizes.length; at >= 0; at--) {
    const fitted = dims.map((_, axis) => sizes[axis - at] ?? 1);
    if (dims.every((dim, axis) => typeof dim === "string" || dim === fitted[axis])) return fitted;
  }
  return undefined;
}

/** Operators that leave the order and the kind of values as they are. */
const passing = new Set(["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast"]);
const grids = new Set(["QuantizeLinear", "DequantizeLinear"]);

/** Whether the graph's first output is a Softmax already: its values are probabilities then, else logits. */
export function givesProbabilities({ nodes, outputs }: Graph): boolean {
  let value = outputs[0]?.name;
  for (;;) {
    const node = nodes.find((each) => each.outputs.includes(value));
    if (node?.op === "Softmax") return true;
    if (!node || !(passing.has(node.op) || grids.has(node.op))) return false;
    value = node.inputs[0];
  }
}

/** The graph that is run: the only one. */
export function onlyGraph({ graphs }: Model): Graph {
  if (graphs.length === 1) return graphs[0];
  throw new OctavoxError("format", "the model is not a keyword model", {
    expected: "one graph",
    found: graphs.map(({ name }) => name).join(", "),
  });
}
