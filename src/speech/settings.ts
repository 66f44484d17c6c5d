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

const numbers = [
  "sampleRate",
  "startToken",
  "endToken",
  "tokensPerSecond",
  "maxSeconds",
  "pieceSeconds",
  "minSeconds",
] as const;

/** @throws OctavoxError `format` when the model is not a recogniser */
export function readSettings({ metadata, graphs }: Model): {
  settings: DecodingSettings;
  vocabulary: string[];
} {
  const settings = (metadata.recognizer ?? {}) as Record<string, unknown>;
  const missing = numbers.filter((name) => typeof settings[name] !== "number");
  const graph = ["encoder", "start", "step"].find((name) => !graphs.some((each) => each.name === name));
  const { vocabulary } = metadata;
  if (missing.length > 0 || graph !== undefined || !Array.isArray(vocabulary))
    throw new OctavoxError("format", "the model is not a speech recogniser", {
      expected: "an encoder, a decoder, a vocabulary and decoding settings",
      found: graph
        ? `no graph "${graph}"`
        : missing.length > 0
          ? `no ${missing.join(", ")}`
          : "no vocabulary",
      remedy: "`octavox inspect` shows what is in a file; `octavox models list` names recognisers",
    });
  return { settings: settings as unknown as DecodingSettings, vocabulary: vocabulary as string[] };
}
