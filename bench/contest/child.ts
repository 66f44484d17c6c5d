// A contestant's far end in a process of its own: what one engine compiles, collects or switches on (V8's flags are the
// whole process's) does not touch the others. Takes the engine's name, answers its parent's requests.

import { nodeEngines } from "../kernels/engines.ts";
import { type Answer, makeAnswerer, type Request } from "./task.ts";

const answer = makeAnswerer(await nodeEngines[process.argv[2]]());

process.on("message", async (request: Request) => {
  const reply: Answer = await answer(request).catch((error: Error) => ({
    error: error.stack ?? String(error),
  }));
  process.send!(reply);
});
process.send!("ready");
