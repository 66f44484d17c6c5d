// Published models that hear a stream step by step: packed, their state in the session, they say what the published
// graphs say that are fed their own state, and no step needs the reference.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { importOnnx } from "../import/onnx/import.ts";
import type { PackRecipe } from "../model/recipe.ts";
import { runGraph } from "../reference/run.ts";
import type { Plan } from "../runtime/plan.ts";
import { InferenceSession } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { packModel } from "./pack.ts";
import { noise } from "./testing-text.ts";

const data = resolve(import.meta.dirname, "../../../shared/data");
const skip = existsSync(data) ? false : "the data folder is not there";
const STEPS = 6;

interface Stream extends Pick<PackRecipe["graphs"][number], "bind" | "sizes"> {
  file: string;
  input: readonly [name: string, dims: readonly number[]];
  state: readonly [input: string, output: string, dims: readonly number[]];
  /** What is fed beside them. */
  others?: Readonly<Record<string, Tensor>>;
}

const rate = { sr: new Tensor("int64", [16_000], []) };
const silero = {
  ...{ bind: { sr: 16_000 }, sizes: { batch: 1, sequence: 576 }, others: rate },
  ...({ input: ["input", [1, 576]], state: ["state", "stateN", [2, 1, 128]] } as const),
};
const streams: readonly Stream[] = [
  { file: "silero_vad/silero_vad_op18_ifless.onnx", ...silero },
  { file: "silero_vad/silero_vad_16k_op15.onnx", ...silero },
  {
    file: "dtln/model_1.onnx",
    input: ["input_2", [1, 1, 257]],
    state: ["input_3", "tf_op_layer_stack_2", [1, 2, 128, 2]],
  },
  {
    file: "dtln/model_2.onnx",
    input: ["input_4", [1, 1, 512]],
    state: ["input_5", "tf_op_layer_stack_5", [1, 2, 128, 2]],
  },
];

for (const { file, input, state, bind = {}, sizes = {}, others = {} } of streams)
  test(`${file} says step by step what the published graph does, all on kernels`, { skip }, async () => {
    const bytes = readFileSync(join(data, file));
    const published = importOnnx(bytes, { file });
    const [before, after, dims] = state;
    const model = packModel(
      { graphs: [{ name: "step", file: "one", bind, sizes }], feedback: { [before]: after } },
      { one: bytes },
    );
    using kernels = await InferenceSession.create(model, { kernels: "simd" });
    using reference = await InferenceSession.create(model, { kernels: "reference" });
    const [{ name }] = kernels.outputs();
    let memory: Tensor = new Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b)), dims);
    for (let step = 0; step < STEPS; step++) {
      const x = { [input[0]]: noise(input[1], step + 1) };
      const [found, defined] = [(await kernels.run(x))[name], (await reference.run(x))[name]];
      assert.deepEqual(found, defined, `step ${step} differs from the reference`);
      const want = runGraph(published.graphs[0], { ...x, ...others, [before]: memory }, published.opset);
      memory = want[after];
      const worst = Math.max(...found.numbers().map((y, i) => Math.abs(y - want[name].numbers()[i])));
      assert.ok(worst < 1e-4, `step ${step} differs from the published graph by ${worst}`);
    }
    const { plans } = kernels as unknown as { plans: { values(): Iterable<Plan> } };
    for (const { usesReference } of plans.values())
      assert.ok(!usesReference, "a node is run by the reference");
  });
