// The far end of an engine, in a process of its own or in a page: loads, transcribes, and says how long it took.

import { decodeAudio, toMono16k } from "../../src/index.ts";
import type { Engine, Loaded, Read, Request, Spoken } from "./engine.ts";

export async function answer(engine: Engine, read: Read, request: Request): Promise<Loaded | Spoken> {
  if ("load" in request) {
    const started = performance.now();
    await engine.load(request.load);
    return { loadMs: performance.now() - started };
  }
  const samples = toMono16k(await decodeAudio(await read(request.transcribe), { file: request.transcribe }));
  return { ...(await engine.transcribe(samples)), audioSeconds: samples.length / 16_000 };
}
