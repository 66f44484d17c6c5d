// onnxruntime, native or WebAssembly, on one thread; and what of it is used here. Their packages are installed in
// this folder only, so the sources do not depend on their types.

export interface OrtTensor {
  readonly data: unknown;
}

export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Record<string, OrtTensor>>;
}

interface Ort {
  Tensor: new (type: string, data: ArrayLike<number> | BigInt64Array, dims: readonly number[]) => OrtTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  env: { wasm: { numThreads?: number } };
}

export type OrtName = "onnxruntime-node" | "onnxruntime-web";

export async function importOrt(name: OrtName) {
  const module = (await import(name as string)) as Ort & { default?: Ort };
  const { Tensor, InferenceSession, env } = module.default ?? module;
  if (name === "onnxruntime-web") env.wasm.numThreads = 1;
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  return {
    Tensor,
    /** From bytes, whichever it is: the WebAssembly one cannot open files. */
    open: (model: Uint8Array) => InferenceSession.create(model, options),
  };
}
