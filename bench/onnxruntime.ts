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

/** What its module exports. */
export interface OrtModule {
  Tensor: new (type: string, data: ArrayLike<number> | BigInt64Array, dims: readonly number[]) => OrtTensor;
  InferenceSession: { create(model: Uint8Array, options: object): Promise<OrtSession> };
  env: { wasm: { numThreads?: number; wasmPaths?: string } };
}

export interface Ort {
  readonly Tensor: OrtModule["Tensor"];
  /** From bytes, whichever it is: the WebAssembly one cannot open files. */
  open(model: Uint8Array): Promise<OrtSession>;
}

export type OrtName = "onnxruntime-node" | "onnxruntime-web";

export async function importOrt(name: OrtName): Promise<Ort> {
  const module = (await import(name as string)) as OrtModule & { default?: OrtModule };
  return oneThread(module.default ?? module);
}

export function oneThread({ Tensor, InferenceSession, env }: OrtModule): Ort {
  env.wasm.numThreads = 1;
  // Errors only: it warns of what an exporter left behind.
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
  return { Tensor, open: (model) => InferenceSession.create(model, options) };
}
