// octavox's part: the published file imported and packed in the same process, then run.

import { packModel } from "../../src/import.ts";
import { InferenceSession, type SessionOptions, Tensor } from "../../src/index.ts";
import type { Prepare, Values } from "../contest/task.ts";
import type { Read } from "../engines/engine.ts";
import { type BenchModel, feedsOf, models } from "./list.ts";

export function octavoxModels(read: Read, options: SessionOptions): Prepare {
  return async ({ family }) => {
    const model = models.find(({ name }) => name === family)!;
    const session = await openModel(model, read, options);
    const feeds = octavoxFeeds(model);
    const [output] = session.outputs();
    const run = () => session.run(feeds);
    return {
      run: async () => void (await run()),
      result: async () => (await run())[output.name].data as Values,
    };
  };
}

export async function openModel({ onnx }: BenchModel, read: Read, options: SessionOptions) {
  const packed = packModel({ graphs: [{ name: "model", file: onnx }] }, { [onnx]: await read(onnx) });
  return InferenceSession.create(packed, options);
}

export function octavoxFeeds(model: BenchModel): Record<string, Tensor> {
  const tensors = feedsOf(model).map(({ name, dims, data }) => {
    if (data instanceof BigInt64Array) return [name, new Tensor("int64", Array.from(data, Number), dims)];
    return [name, new Tensor("float32", data as Float32Array, dims)];
  });
  return Object.fromEntries(tensors);
}
