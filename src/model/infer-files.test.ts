import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "node:test";
import { OctavoxError } from "../errors.ts";
import { importOnnx } from "../import/onnx/import.ts";
import { type Dim, evaluate } from "./dim.ts";
import type { Model } from "./graph.ts";
import { inferShapes } from "./infer.ts";
import { readOvx, writeOvx } from "./ovx.ts";

const data = resolve(import.meta.dirname, "../../../shared/data");
const skip = existsSync(data) ? false : "the data folder is not there";

/** The models octavox can import under a folder, by path. */
function models(folder: string): [path: string, model: Model][] {
  return globSync(`${data}/${folder}/**/*.onnx`).flatMap((path): [string, Model][] => {
    try {
      return [[path, importOnnx(new Uint8Array(readFileSync(path)))]];
    } catch (error) {
      if (error instanceof OctavoxError && error.code === "unsupported") return [];
      throw error;
    }
  });
}

test("ONNX's own node tests: inferred types and sizes are the declared ones", { skip }, () => {
  let compared = 0;
  for (const [path, { graphs, opset }] of models("onnx_node")) {
    const facts = inferShapes(graphs[0], { opset });
    for (const { name, dtype, dims } of graphs[0].outputs) {
      const fact = facts.get(name);
      if (!fact?.dims || !dims?.every((dim) => typeof dim === "number")) continue;
      assert.deepEqual([fact.dtype, fact.dims], [dtype, dims], path);
      compared++;
    }
  }
  assert.ok(compared > 250, `${compared} outputs`);
});

test("speech models: every size is known from those of the inputs", { skip }, () => {
  const bindings = new Map([["batch", 3]]);
  for (const [path, { graphs, opset }] of [...models("moonshine_micro"), ...models("dtln")]) {
    const facts = inferShapes(graphs[0], { opset });
    for (const node of graphs[0].nodes)
      for (const output of node.outputs) {
        const dims: readonly Dim[] | undefined = output === "" ? [] : facts.get(output)?.dims;
        assert.ok(dims, `${path}: ${node.op} ${output}`);
        for (const dim of dims) assert.ok(evaluate(dim, bindings) >= 0);
      }
  }
});

test("imported models survive being packed", { skip }, () => {
  for (const [path, model] of [...models("onnx_node"), ...models("moonshine_micro"), ...models("silero_vad")])
    assert.deepEqual(readOvx(writeOvx(model)), model, path);
});
