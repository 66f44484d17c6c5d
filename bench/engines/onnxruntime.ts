// onnxruntime in the comparison, native or WebAssembly: the published ONNX files, decoded greedily with the caches
// that the exported decoder has, as the model's authors do in their own package.

import { Vocabulary } from "../../src/decode/tokens.ts";
import { readOvxHeader } from "../../src/model/ovx.ts";
import type { Ort, OrtSession, OrtTensor } from "../onnxruntime.ts";
import type { Engine, Read } from "./engine.ts";

const [START, END, TOKENS_PER_SECOND] = [1, 2, 6];
/** Heads and their width, for the empty caches of the first step. */
const NO_CACHE = [0, 8, 1, 36];

export function onnxruntime(importOrt: () => Promise<Ort>, read: Read): Engine {
  let { ort, encoder, decoder, vocabulary } = {} as {
    ort: Ort;
    encoder: OrtSession;
    decoder: OrtSession;
    vocabulary: Vocabulary;
  };
  return {
    async load(model) {
      ort = await importOrt();
      encoder = await ort.open(await read(model.encoder));
      decoder = await ort.open(await read(model.decoder));
      vocabulary = new Vocabulary(readOvxHeader(await read(model.ovx)).metadata.vocabulary as string[]);
    },

    async transcribe(samples) {
      const started = performance.now();
      const audio = new ort.Tensor("float32", samples, [1, samples.length]);
      const [frames] = Object.values(await encoder.run({ [encoder.inputNames[0]]: audio }));
      const encoded = performance.now();
      const tokens = await decode(frames, Math.ceil((samples.length / 16_000) * TOKENS_PER_SECOND));
      const ended = performance.now();
      return {
        text: vocabulary.decode(tokens),
        totalMs: ended - started,
        encoderMs: encoded - started,
        decoderMs: ended - encoded,
        steps: tokens.length + 1,
      };
    },
  };

  async function decode(frames: OrtTensor, most: number): Promise<number[]> {
    const pasts = decoder.inputNames.filter((input) => input.startsWith("past_key_values"));
    let cache: Record<string, OrtTensor> = Object.fromEntries(
      pasts.map((past) => [past, new ort.Tensor("float32", new Float32Array(0), NO_CACHE)]),
    );
    const tokens: number[] = [];
    for (let token = START; tokens.length < most; tokens.push(token)) {
      const first = tokens.length === 0;
      const outputs = await decoder.run({
        ...cache,
        input_ids: new ort.Tensor("int64", BigInt64Array.of(BigInt(token)), [1, 1]),
        encoder_hidden_states: frames,
        use_cache_branch: new ort.Tensor("bool", Uint8Array.of(first ? 0 : 1), [1]),
      });
      // What was heard does not change: later steps leave it out.
      const changed = pasts.filter((past) => first || !past.includes(".encoder."));
      const presents = changed.map(
        (past) => [past, outputs[past.replace("past_key_values", "present")]] as const,
      );
      cache = { ...cache, ...Object.fromEntries(presents) };
      token = indexOfLargest(outputs.logits.data as Float32Array);
      if (token === END) break;
    }
    return tokens;
  }
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
