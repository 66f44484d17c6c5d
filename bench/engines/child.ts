// One engine in a process of its own, so that its memory can be told from the others'. Answers its parent's requests.

import { readFileSync } from "node:fs";
import { decodeAudio, toMono16k } from "../../src/index.ts";
import type { ModelPaths, Transcribed } from "./engine.ts";
import { engines } from "./list.ts";

export type Request = { load: ModelPaths } | { transcribe: string };
export type Answer =
  | { loadMs: number }
  | (Transcribed & { audioSeconds: number; residentBytes: number })
  | { error: string };

const engine = engines[process.argv[2]]();

async function answer(request: Request): Promise<Answer> {
  if ("load" in request) {
    const started = performance.now();
    await engine.load(request.load);
    return { loadMs: performance.now() - started };
  }
  const samples = toMono16k(
    await decodeAudio(readFileSync(request.transcribe), { file: request.transcribe }),
  );
  const transcribed = await engine.transcribe(samples);
  return { ...transcribed, audioSeconds: samples.length / 16_000, residentBytes: process.memoryUsage.rss() };
}

process.on("message", async (request: Request) => {
  process.send!(await answer(request).catch((error: Error) => ({ error: error.stack ?? String(error) })));
});
