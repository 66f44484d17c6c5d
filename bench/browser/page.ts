// The script of the page: engines that run in a browser, answering the requests of the process outside.

import { makeAnswerer, type Prepare, type Request } from "../contest/task.ts";
import { octavoxKernels } from "../kernels/octavox.ts";
import { onnxruntimeProducts } from "../kernels/onnxruntime.ts";
import { type Ort, type OrtModule, oneThread } from "../onnxruntime.ts";

const ORT = "/modules/onnxruntime-web/dist/";

async function importOrt(): Promise<Ort> {
  const module = (await import(`${ORT}ort.wasm.min.mjs` as string)) as OrtModule;
  module.env.wasm.wasmPaths = ORT;
  return oneThread(module);
}

/** Kernels of engines, by the names that `launch.ts` lists. */
const kernelEngines: Readonly<Record<string, () => Promise<Prepare> | Prepare>> = {
  octavox: () => octavoxKernels("relaxed"),
  "onnxruntime-web": async () => onnxruntimeProducts(await importOrt()),
};

let answer: ReturnType<typeof makeAnswerer>;

Object.assign(globalThis, {
  async startKernels(engine: string) {
    answer = makeAnswerer(await kernelEngines[engine]());
  },
  async ask(request: Request) {
    const reply = await answer(request);
    // Plain numbers are what comes through to the other process everywhere.
    return "result" in reply && reply.result ? { ...reply, result: Array.from(reply.result) } : reply;
  },
});
