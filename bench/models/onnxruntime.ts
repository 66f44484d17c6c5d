// onnxruntime's part: the published file as it is.

import type { Prepare, Values } from "../contest/task.ts";
import type { Read } from "../engines/engine.ts";
import type { Ort } from "../onnxruntime.ts";
import { feedsOf, models } from "./list.ts";

export function onnxruntimeModels({ Tensor, open }: Ort, read: Read): Prepare {
  return async ({ family }) => {
    const model = models.find(({ name }) => name === family)!;
    const session = await open(await read(model.onnx));
    const feeds = Object.fromEntries(
      feedsOf(model).map(({ name, dims, data }) => {
        const type = data instanceof BigInt64Array ? "int64" : "float32";
        return [name, new Tensor(type, data, dims)] as const;
      }),
    );
    const [output] = session.outputNames;
    return {
      run: async () => void (await session.run(feeds)),
      result: async () => (await session.run(feeds))[output].data as Values,
    };
  };
}
