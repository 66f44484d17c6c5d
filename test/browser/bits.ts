// Runs an encoder and a few steps of a decoder, and boils every bit of what comes out down to one hash. The same
// code runs in Node and in the page.

import { InferenceSession, type KernelChoice, Tensor } from "../../src/index.ts";
import type { Model } from "../../src/model/graph.ts";

export interface Bits {
  /** The kernels that ran. */
  kernels: string;
  threads: number;
  /** SHA-256 of what the encoder returns and of the logits of every step, as hexadecimal digits. */
  hash: string;
  tokens: number[];
}

export interface BitsOptions {
  kernels: KernelChoice;
  threads?: number;
  startToken: number;
  steps: number;
}

export async function bitsOf(
  model: Uint8Array | Model,
  samples: Float32Array,
  { kernels, threads, startToken, steps }: BitsOptions,
): Promise<Bits> {
  using session = await InferenceSession.create(model, { kernels, threads });
  const seen: Float32Array[] = [];
  const run = async (graph: string, fed: Tensor): Promise<Float32Array[]> => {
    const [{ name }] = session.inputs(graph);
    const results = Object.values(await session.run({ [name]: fed }, { graph }));
    const floats = results.map(({ data }) => data as Float32Array);
    seen.push(...floats);
    return floats;
  };
  await run("encoder", new Tensor("float32", samples, [1, samples.length]));
  const tokens: number[] = [];
  for (let token = startToken; tokens.length <= steps; ) {
    const [logits] = await run("step", new Tensor("int64", [token], [1, 1]));
    token = logits.indexOf(logits.reduce((a, b) => Math.max(a, b)));
    tokens.push(token);
  }
  return { kernels: session.kernels, threads: session.threads, hash: await sha256(seen), tokens };
}

/** As hexadecimal digits. */
export async function sha256(parts: readonly Float32Array[]): Promise<string> {
  const bytes = await new Blob(parts as Float32Array<ArrayBuffer>[]).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
