// onnxruntime's part: the published file as it is, a state fed as the tensor that the call before returned.

import type { Prepare, Values } from "../contest/task.ts";
import type { Read } from "../engines/engine.ts";
import type { Ort } from "../onnxruntime.ts";
import { feedsOf, models } from "./list.ts";

export function onnxruntimeModels({ Tensor, open }: Ort, read: Read): Prepare {
  return async ({ family }) => {
    const model = models.find(({ name }) => name === family)!;
    const session = await open(await read(model.onnx));
    const first = Object.fromEntries(
      feedsOf(model).map(({ name, dims, data }) => {
        const type = data instanceof BigInt64Array ? "int64" : "float32";
        return [name, new Tensor(type, data, dims)] as const;
      }),
    );
    const feedback = Object.entries(model.feedback ?? {});
    const feeds = { ...first };
    const [output] = session.outputNames;
    const run = async () => {
      const results = await session.run(feeds);
      for (const [input, left] of feedback) feeds[input] = results[left];
      return results;
    };
    return {
      run: async () => void (await run()),
      async result() {
        Object.assign(feeds, first);
        return (await run())[output].data as Values;
      },
    };
  };
}
