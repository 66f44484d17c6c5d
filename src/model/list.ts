// The models octavox knows by name, as data: where each is published, what its files must hash to, and how they
// become a packed model. The host downloads by this list, `passes/convert.ts` converts by it.

import type { PackRecipe } from "./recipe.ts";

export interface ListedModel {
  name: string;
  description: string;
  licence: string;
  source: {
    /** Package with its exact version, as `npm pack` takes it. */
    package: string;
    /** Hash of the package's archive in the form of a lock file: `sha512-` and base64. */
    integrity: string;
    /** Size of the package's archive, for progress. */
    bytes: number;
    /** Paths in the archive by the names the recipe uses. */
    files: Readonly<Record<string, string>>;
  };
  recipe: PackRecipe;
  /** A base64 string literal in a script: one piece a line, as many as `size`. */
  vocabulary: {
    file: string;
    /** What the literal begins with, and nothing before it. */
    begins: string;
    size: number;
  };
  /** Decoding settings, as `speech/settings.ts` reads them. */
  recognizer: Readonly<Record<string, number>>;
}

/** One token a step, one recording at a time. */
const oneToken = { batch_size: 1, decoder_sequence_length: 1 };

export const models: readonly ListedModel[] = [
  {
    name: "moonshine-tiny",
    description: "English speech → text, 27 million parameters in 8 bits",
    licence: "MIT",
    source: {
      package: "@moonshine-ai/moonshine-js@0.1.29",
      integrity:
        "sha512-Gx1B3mJcbM68ihSy/LyJEuEkGq7sYMqTb04zNdcIeidU0URVlSmXP0GyiQOTTAqDZQXlIC7k+bky+FdXk0UPlg==",
      bytes: 21_514_347,
      files: {
        encoder: "package/dist/model/tiny/quantized/encoder_model.onnx",
        decoder: "package/dist/model/tiny/quantized/decoder_model_merged.onnx",
        script: "package/dist/moonshine.min.js",
      },
    },
    recipe: {
      graphs: [
        {
          ...{ name: "encoder", file: "encoder", sizes: { batch_size: 1 } },
          continued: {
            ...{ file: "decoder", bind: { use_cache_branch: false }, sizes: oneToken },
            ...{ input: "encoder_hidden_states", outputs: ".encoder." },
          },
        },
        { name: "step", file: "decoder", bind: { use_cache_branch: true }, sizes: oneToken },
      ],
      states: { past: "past_key_values", present: "present" },
    },
    vocabulary: { file: "script", begins: "PHVuaz4K", size: 32_000 },
    recognizer: {
      sampleRate: 16_000,
      startToken: 1,
      endToken: 2,
      tokensPerSecond: 6,
      maxSeconds: 30,
      pieceSeconds: 20,
      minSeconds: 0.1,
    },
  },
];

export function listedModel(name: string): ListedModel | undefined {
  return models.find((model) => model.name === name);
}
