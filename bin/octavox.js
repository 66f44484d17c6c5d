#!/usr/bin/env node
// Starts the command line: from the sources in a clone, without a build; from dist/ in an installed package.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import * as module from "node:module";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const sources = here("../src/cli/main.ts");
const built = here("../dist/cli/main.js");
const node = here(`../node_modules/node/bin/node${process.platform === "win32" ? ".exe" : ""}`);

if (!existsSync(sources)) await start(built);
else if (process.features.typescript) await start(sources);
else if (existsSync(node)) runUnder(node);
else {
  console.error(
    `octavox: Node ${process.version} cannot run the sources. Run \`npm ci\` in the clone first.`,
  );
  process.exitCode = 1;
}

async function start(path) {
  module.enableCompileCache?.();
  const { main } = await import(path);
  process.exitCode = await main(process.argv.slice(2));
}

/** An older Node starts the newer one that development needs; it leaves with its exit status. */
function runUnder(executable) {
  const child = spawn(executable, process.argv.slice(1), { stdio: "inherit" });
  process.on("SIGINT", () => {}); // A terminal sends it to both; the other one decides.
  process.on("SIGTERM", () => child.kill());
  child.on("close", (status, signal) => {
    if (signal) process.removeAllListeners(signal).kill(process.pid, signal);
    else process.exitCode = status;
  });
}
