// LiteRT.js's part, in a page: the same weights as a TensorFlow Lite file. Its inputs and outputs have other names and
// sometimes another order than the ONNX file's; they are told apart by their sizes.

import type { Prepare, Values } from "../contest/task.ts";
import type { Read } from "../engines/engine.ts";
import { feedsOf, models } from "./list.ts";

/** What is used of the package: it is installed in this folder only, so the sources do not depend on its types. */
interface LiteRt {
  loadLiteRt(folder: string): Promise<unknown>;
  loadAndCompile(model: Uint8Array, options: { accelerator: "wasm" }): Promise<CompiledModel>;
  Tensor: new (data: Values | BigInt64Array, dims: readonly number[]) => LiteRtTensor;
}
interface Detail {
  readonly shape: ArrayLike<number>;
}
interface CompiledModel {
  getInputDetails(): readonly Detail[];
  getOutputDetails(): readonly Detail[];
  run(inputs: LiteRtTensor[]): Promise<LiteRtTensor[]>;
}
interface LiteRtTensor {
  toTypedArray(): Values;
  delete(): void;
}

/** Which of several has these sizes; layouts may differ in where ones stand, so the count decides where none is equal. */
function indexOfShape(all: readonly ArrayLike<number>[], wanted: ArrayLike<number>): number {
  const count = (dims: ArrayLike<number>) => Array.from(dims).reduce((product, size) => product * size, 1);
  const text = (dims: ArrayLike<number>) => Array.from(dims).join();
  const equal = all.findIndex((dims) => text(dims) === text(wanted));
  return equal >= 0 ? equal : all.findIndex((dims) => count(dims) === count(wanted));
}

/** @param script address of the package as one module; @param wasm folder of its WebAssembly files */
export async function litertModels(script: string, wasm: string, read: Read): Promise<Prepare> {
  const { loadLiteRt, loadAndCompile, Tensor } = (await import(script)) as LiteRt;
  await loadLiteRt(wasm);
  return async ({ family, shape: output }) => {
    const model = models.find(({ name }) => name === family)!;
    if (!model.tflite) return undefined;
    const compiled = await loadAndCompile(await read(model.tflite), { accelerator: "wasm" });
    const fed = feedsOf(model);
    const inputs = compiled.getInputDetails().map(({ shape }) => {
      const dims = fed.map(({ dims }) => dims);
      const { data } = fed[indexOfShape(dims, shape)];
      return new Tensor(data, Array.from(shape));
    });
    const outputs = compiled.getOutputDetails().map(({ shape }) => shape);
    const run = async (): Promise<Values[]> => {
      const tensors = await compiled.run(inputs);
      const values = tensors.map((tensor) => tensor.toTypedArray().slice());
      for (const tensor of tensors) tensor.delete();
      return values;
    };
    return {
      run: async () => void (await run()),
      result: async () => (await run())[indexOfShape(outputs, output)],
    };
  };
}
