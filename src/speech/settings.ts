// What a packed recogniser says about itself: how it is decoded, and its vocabulary.

import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";

/** Settings of a recogniser, stored in the packed model under `recognizer`. */
export interface DecodingSettings {
  /** Samples a second that the encoder takes. */
  sampleRate: number;
  startToken: number;
  endToken: number;
  /** More tokens a second than anyone speaks: where greedy decoding stops for certain. */
  tokensPerSecond: number;
  /** The longest audio that is recognised at once; longer audio is cut at pauses. */
  maxSeconds: number;
  /** The longest piece that longer audio is cut into: attention costs the square of a piece's length. */
  pieceSeconds: number;
  /** Shorter pieces are filled up with silence: the encoder needs a few frames. */
  minSeconds: number;
}

/** What each may be. */
const ranges: Readonly<Record<keyof DecodingSettings, readonly [lowest: number, highest: number]>> = {
  sampleRate: [1000, 384_000],
  startToken: [0, 2 ** 31],
  endToken: [0, 2 ** 31],
  tokensPerSecond: [0.1, 1000],
  maxSeconds: [1, 3600],
  pieceSeconds: [1, 3600],
  minSeconds: [0, 60],
};

/** The element types of what each graph is fed, its states apart. */
const fed: Readonly<Record<string, string>> = {
  encoder: "float32",
  step: "int64",
};

/** @throws OctavoxError `format` when the model is not a recogniser */
export function readSettings(model: Model): {
  settings: DecodingSettings;
  vocabulary: string[];
} {
  const { recognizer: settings, vocabulary } = model.metadata;
  const found =
    wrongGraph(model) ??
    wrongSetting((settings ?? {}) as Record<string, unknown>) ??
    (isVocabulary(vocabulary) ? undefined : "no vocabulary");
  if (found !== undefined)
    throw new OctavoxError("format", "the model is not a speech recogniser", {
      expected: "an encoder, a decoder, a vocabulary and decoding settings",
      found,
      remedy: "`octavox inspect` shows what is in a file; `octavox models list` names recognisers",
    });
  return { settings: settings as DecodingSettings, vocabulary: vocabulary as string[] };
}

function wrongGraph({ graphs, states = [] }: Model): string | undefined {
  for (const [name, types] of Object.entries(fed)) {
    const graph = graphs.find((each) => each.name === name);
    if (!graph) return `no graph "${name}"`;
    const inputs = graph.inputs.filter((each) => !states.some(({ input }) => input === each.name));
    const outputs = graph.outputs.filter((each) => !states.some(({ output }) => output === each.name));
    const own = inputs.map(({ dtype }) => dtype).sort();
    if (own.join(", ") !== types)
      return `inputs of "${name}" of type ${own.join(", ") || "none"}, not ${types}`;
    if (name === "step" && outputs[0]?.dtype !== "float32") return `no output of "${name}" of type float32`;
  }
  return undefined;
}

function wrongSetting(settings: Record<string, unknown>): string | undefined {
  const names = Object.keys(ranges) as (keyof DecodingSettings)[];
  const missing = names.filter((name) => typeof settings[name] !== "number");
  if (missing.length > 0) return `no ${missing.join(", ")}`;
  const wrong = names.find((name) => {
    const [lowest, highest] = ranges[name];
    return !(Number(settings[name]) >= lowest && Number(settings[name]) <= highest);
  });
  return wrong && `${wrong} ${settings[wrong]}, not ${ranges[wrong].join(" to ")}`;
}

function isVocabulary(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((piece) => typeof piece === "string");
}
