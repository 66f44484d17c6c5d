// One engine in a process of its own, so that its memory can be told from the others'. Answers its parent's requests.

import { readFile } from "node:fs/promises";
import { answer } from "./answer.ts";
import type { Answer, Request } from "./engine.ts";
import { engines } from "./list.ts";

const engine = engines[process.argv[2]]();

async function reply(request: Request): Promise<Answer> {
  const answered = await answer(engine, (path) => readFile(path), request);
  return "loadMs" in answered ? answered : { ...answered, residentBytes: process.memoryUsage.rss() };
}

process.on("message", async (request: Request) => {
  process.send!(await reply(request).catch((error: Error) => ({ error: error.stack ?? String(error) })));
});
