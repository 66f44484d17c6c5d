// npm run bench -- engines | kernels | growth [options]: octavox beside other engines, in one run.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeTerminal } from "../src/cli/terminal.ts";
import { machine, machineLine, table } from "./table.ts";

const usage = `npm run bench -- <what> [options]

  engines   the same recordings through octavox, onnxruntime-node and onnxruntime-web, one thread each
  kernels   8-bit matrix products of octavox and of onnxruntime, one thread each
  growth    1 to 600 seconds of audio through octavox: is time linear, and memory flat?

  --data <folder>   recordings and refs.tsv (default: samples)
  --limit <n>       only the first n recordings
  --rounds <n>      how often everything is measured; medians are reported (default: 3)
  --engines <list>  names of engines, separated by commas
  --json            print JSON

npm run bench -- engines --data recordings/ --rounds 5
npm run bench -- kernels --json`;

const { values, positionals } = parseArgs({
  options: {
    data: { type: "string", default: join(import.meta.dirname, "../samples") },
    limit: { type: "string" },
    rounds: { type: "string", default: "3" },
    engines: { type: "string" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const terminal = makeTerminal(process.stdout, process.stderr, process.env);

function install(): void {
  if (existsSync(join(import.meta.dirname, "node_modules/onnxruntime-node"))) return;
  terminal.note("installing the other engines (about 440 MB) into bench/node_modules …");
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  execFileSync("npm", ["ci", ...quiet], {
    cwd: import.meta.dirname,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
}

async function engines(): Promise<void> {
  const { compareEngines } = await import("./engines/compare.ts");
  const { engines } = await import("./engines/list.ts");
  const bar = terminal.progress("engines");
  const results = await compareEngines({
    engines: values.engines?.split(",") ?? Object.keys(engines),
    folder: values.data,
    limit: values.limit === undefined ? undefined : Number(values.limit),
    rounds: Number(values.rounds),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.end());
  const [own] = results;
  if (values.json) return terminal.out(JSON.stringify({ machine: machine(), results }));
  terminal.out(machineLine());
  terminal.out("");
  terminal.out(
    table(
      [
        { title: "engine", cell: ({ engine }) => engine },
        { title: "RTF", cell: ({ rtf }) => rtf.toFixed(4) },
        { title: `÷ ${own.engine}`, cell: ({ rtf }) => `${(rtf / own.rtf).toFixed(2)}×` },
        { title: "encoder RTF", cell: ({ encoderRtf }) => encoderRtf.toFixed(4) },
        { title: "ms a token", cell: ({ msPerToken }) => msPerToken.toFixed(2) },
        { title: "load ms", cell: ({ loadMs }) => loadMs.toFixed(0) },
        { title: "resident MB", cell: ({ residentMB }) => residentMB.toFixed(0) },
        { title: "WER %", cell: ({ wer }) => wer.toFixed(2) },
      ],
      results,
    ),
  );
}

async function kernels(): Promise<void> {
  const { compareProducts } = await import("./kernels/compare.ts");
  const bar = terminal.progress("kernels");
  const results = await compareProducts({
    rounds: Number(values.rounds),
    onProgress: (done, total) => bar.update(done, total),
  }).finally(() => bar.end());
  if (values.json) return terminal.out(JSON.stringify({ machine: machine(), results }));
  terminal.out(machineLine());
  terminal.out("");
  const names = Object.keys(results[0].gops);
  terminal.out(
    table(
      [
        { title: "8-bit product, GOPS", cell: ({ shape }) => shape.join("×") },
        ...names.map((name) => ({
          title: name,
          cell: ({ gops }: (typeof results)[number]) => gops[name].toFixed(0),
        })),
      ],
      results,
    ),
  );
}

async function growth(): Promise<void> {
  const { measureGrowth } = await import("./growth.ts");
  const bar = terminal.progress("growth");
  const results = await measureGrowth([1, 10, 60, 600], (done, total) => bar.update(done, total)).finally(
    () => bar.end(),
  );
  if (values.json) return terminal.out(JSON.stringify({ machine: machine(), results }));
  terminal.out(machineLine());
  terminal.out("");
  terminal.out(
    table(
      [
        { title: "audio, s", cell: ({ audioSeconds }) => audioSeconds.toFixed(0) },
        { title: "processing, s", cell: ({ processingSeconds }) => processingSeconds.toFixed(2) },
        { title: "RTF", cell: ({ rtf }) => rtf.toFixed(4) },
        { title: "pieces", cell: ({ segments }) => `${segments}` },
        { title: "resident MB", cell: ({ residentMB }) => residentMB.toFixed(0) },
      ],
      results,
    ),
  );
}

/** What each verb does, and whether it needs the other engines. */
const verbs: Readonly<Record<string, { run(): Promise<void>; others: boolean }>> = {
  engines: { run: engines, others: true },
  kernels: { run: kernels, others: true },
  growth: { run: growth, others: false },
};
const verb = verbs[positionals[0]];
if (!verb || values.help) {
  terminal.out(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  if (verb.others) install();
  await verb.run();
}
