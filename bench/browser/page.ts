// The script of the page: engines that run in a browser, answering the requests of the process outside.

import { Recognizer } from "../../src/index.ts";
import { makeAnswerer, type Prepare, type Request } from "../contest/task.ts";
import { answer } from "../engines/answer.ts";
import type { Engine, Request as EngineRequest } from "../engines/engine.ts";
import { octavox } from "../engines/octavox.ts";
import { onnxruntime } from "../engines/onnxruntime.ts";
import { octavoxKernels } from "../kernels/octavox.ts";
import { onnxruntimeProducts } from "../kernels/onnxruntime.ts";
import { litertModels } from "../models/litert.ts";
import { octavoxModels } from "../models/octavox.ts";
import { onnxruntimeModels } from "../models/onnxruntime.ts";
import { type Ort, type OrtModule, oneThread } from "../onnxruntime.ts";

const ORT = "/modules/onnxruntime-web/dist/";

async function importOrt(): Promise<Ort> {
  const module = (await import(`${ORT}ort.wasm.min.mjs` as string)) as OrtModule;
  module.env.wasm.wasmPaths = ORT;
  return oneThread(module);
}

type Engines = Readonly<Record<string, () => Promise<Prepare> | Prepare>>;

/** Engines in the comparisons of kernels and of models. */
const contestants: Readonly<Record<string, Engines>> = {
  kernels: {
    octavox: () => octavoxKernels("relaxed"),
    "onnxruntime-web": async () => onnxruntimeProducts(await importOrt()),
  },
  models: {
    octavox: () => octavoxModels(readListed, { kernels: "relaxed" }),
    "onnxruntime-web": async () => onnxruntimeModels(await importOrt(), readListed),
    "LiteRT.js": () => litertModels("/litert.js", "/modules/@litertjs/core/wasm/", readListed),
  },
};

/** Engines that transcribe. */
const speechEngines: Readonly<Record<string, () => Engine>> = {
  octavox: () => octavox("relaxed", async (ovx) => Recognizer.load(await read(ovx), { kernels: "relaxed" })),
  "onnxruntime-web": () => onnxruntime(importOrt, read),
};

async function read(address: string): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** A model's file by its name in the list. */
const readListed = (path: string) => read(`/files/${path}`);

let contestant: ReturnType<typeof makeAnswerer>;
let engine: Engine;

Object.assign(globalThis, {
  async startContestant(list: string, name: string) {
    contestant = makeAnswerer(await contestants[list][name]());
  },
  async ask(request: Request) {
    const reply = await contestant(request);
    // Plain numbers are what comes through to the other process everywhere.
    return "result" in reply && reply.result ? { ...reply, result: Array.from(reply.result) } : reply;
  },
  startEngine(name: string) {
    engine = speechEngines[name]();
  },
  askEngine: (request: EngineRequest) => answer(engine, read, request),
});
