// A contestant's far end in a process of its own: what one engine compiles, collects or switches on (V8's flags are the
// whole process's) does not touch the others. Takes the name of a list and of an engine in it, answers its parent.

import { ownTime } from "../clock.ts";
import { nodeEngines } from "../kernels/engines.ts";
import { ladderEngines } from "../ladder/steps.ts";
import { modelEngines } from "../models/engines.ts";
import { type Answer, makeAnswerer, type Prepare, type Request } from "./task.ts";

const lists: Readonly<Record<string, Readonly<Record<string, () => Promise<Prepare> | Prepare>>>> = {
  kernels: nodeEngines,
  ladder: ladderEngines,
  models: modelEngines,
};

const [list, engine] = process.argv.slice(2);
const answer = makeAnswerer(await lists[list][engine](), ownTime);

process.on("message", async (request: Request) => {
  const reply: Answer = await answer(request).catch((error: Error) => ({
    error: error.stack ?? String(error),
  }));
  process.send!(reply);
});
process.send!("ready");
