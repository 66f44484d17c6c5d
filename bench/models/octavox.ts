// octavox's part: the published file imported and packed in the same process, then run. What is the same in every call
// is bound when it is packed, and states stay in the session.

import { readModel } from "../../src/import/read.ts";
import { packModel } from "../../src/import.ts";
import { InferenceSession, type SessionOptions, Tensor } from "../../src/index.ts";
import type { Model } from "../../src/model/graph.ts";
import { prepareModel } from "../../src/passes/prepare.ts";
import { quantize } from "../../src/quantize/index.ts";
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
      async result() {
        session.resetStates();
        return (await run())[output.name].data as Values;
      },
    };
  };
}

export async function openModel(model: BenchModel, read: Read, options: SessionOptions) {
  const { onnx, sizes, feedback, inputs } = model;
  const numbers = Object.entries(inputs).flatMap(([name, { int64 }]) =>
    int64 === undefined ? [] : [[name, int64] as const],
  );
  if (model.scheme) return InferenceSession.create(await quantized(model, await read(onnx)), options);
  const graph = { name: "model", file: onnx, bind: Object.fromEntries(numbers), ...(sizes && { sizes }) };
  const packed = packModel({ graphs: [graph], ...(feedback && { feedback }) }, { [onnx]: await read(onnx) });
  return InferenceSession.create(packed, options);
}

/** In integers, with the ranges that the comparison's input needs: accuracy is not measured here. */
async function quantized(model: BenchModel, bytes: Uint8Array): Promise<Model> {
  const feeds = octavoxFeeds(model);
  const calibration = { size: 1, feeds: () => feeds };
  const found = await quantize(readModel(bytes), { scheme: model.scheme!, method: "mse", calibration });
  return prepareModel(found.model, { keepIntegers: true });
}

export function octavoxFeeds(model: BenchModel): Record<string, Tensor> {
  const fed = feedsOf(model).filter(({ name, data }) => {
    const isState = Object.hasOwn(model.feedback ?? {}, name);
    return data instanceof Float32Array && !isState;
  });
  const tensors = fed.map(({ name, dims, data }) => [
    name,
    new Tensor("float32", data as Float32Array, dims),
  ]);
  return Object.fromEntries(tensors);
}
