// A contestant in a Node process of its own.

import { fork } from "node:child_process";
import { join } from "node:path";
import type { Contestant } from "./contest.ts";
import type { Answer, Prepared, Request, Timed } from "./task.ts";

/** @param list of engines, as `child.ts` knows them */
export async function startProcess(name: string, list: "kernels" | "ladder" | "models"): Promise<Contestant> {
  const child = fork(join(import.meta.dirname, "child.ts"), [list, name], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    serialization: "advanced",
  });
  const next = () =>
    new Promise<unknown>((resolve, reject) => {
      const onExit = (status: number | null) => reject(new Error(`${name} left with status ${status}`));
      child.once("exit", onExit);
      child.once("message", (message) => {
        child.off("exit", onExit);
        resolve(message);
      });
    });
  await next();
  return {
    name,
    async ask(request: Request) {
      const answered = next();
      child.send(request);
      const answer = (await answered) as Answer;
      if ("error" in answer) throw new Error(`${name}: ${answer.error}`);
      return answer as Prepared | Timed;
    },
    end: () => child.disconnect(),
  };
}
