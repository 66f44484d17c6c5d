// npm run bench -- PART [options]: octavox beside other engines and beside the limits of the host, in one run.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeTerminal } from "../src/cli/terminal.ts";
import { engines } from "./parts/engines.ts";
import { growth } from "./parts/growth.ts";
import { kernels } from "./parts/kernels.ts";
import { ladder } from "./parts/ladder.ts";
import { models } from "./parts/models.ts";
import type { Part } from "./parts/part.ts";
import { profile } from "./parts/profile.ts";
import { keepRecord, makeRecord } from "./record.ts";
import { writeReport } from "./report.ts";
import { machine, machineLine, textOf } from "./table.ts";

/** A part shows only what it has measured itself. */
const parts = { kernels, ladder, engines, profile, models, growth } as unknown as Readonly<
  Record<string, Part<unknown>>
>;

const usage = `npm run bench -- PART [options]

${Object.entries(parts)
  .map(([name, { summary }]) => `  ${name.padEnd(10)}${summary}`)
  .join("\n")}
  report    docs/performance.md and its pictures, from the results kept with --save

  --quick           fewer sizes, shorter turns: a look, not a figure to quote
  --rounds <n>      how often everything is measured; medians are reported (default: 3)
  --only <list>     names of families (kernels) or engines (engines), separated by commas
  --shapes <n>      only the first n shapes of each family (kernels)
  --data <folder>   recordings and refs.tsv (engines; default: samples)
  --limit <n>       only the first n recordings (engines)
  --json            print JSON
  --save            keep the result in bench/results, which the report is made from

Examples:
  npm run bench -- kernels --quick
  npm run bench -- kernels --only u8s8,f32 --rounds 5 --json > kernels.json
  npm run bench -- engines --data recordings/ --limit 10
  npm run bench -- ladder --save && npm run bench -- report`;

const { values, positionals } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    only: { type: "string" },
    data: { type: "string", default: join(import.meta.dirname, "../samples") },
    limit: { type: "string" },
    shapes: { type: "string" },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const terminal = makeTerminal(process.stdout, process.stderr, process.env);

/** The other engines, where one that package.json names is missing. */
function install(): void {
  const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, "package.json"), "utf8"));
  const missing = (name: string) => !existsSync(join(import.meta.dirname, "node_modules", name));
  if (!Object.keys(dependencies).some(missing)) return;
  terminal.note("installing the other engines (about 460 MB) into bench/node_modules …");
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"];
  execFileSync("npm", ["ci", ...quiet], {
    cwd: import.meta.dirname,
    stdio: ["ignore", process.stderr, process.stderr],
    shell: process.platform === "win32",
  });
}

async function run(name: string, part: Part<unknown>): Promise<void> {
  if (part.others) install();
  const bar = terminal.progress(name);
  const { quick, rounds, only, data, limit, shapes } = values;
  const measured = await part
    .measure({
      ...{ quick, data, terminal, bar },
      rounds: Number(rounds),
      only: only?.split(","),
      limit: limit === undefined ? undefined : Number(limit),
      shapes: shapes === undefined ? undefined : Number(shapes),
    })
    .finally(() => bar.end());
  const record = makeRecord(name, quick, measured);
  if (values.save) terminal.note(keepRecord(record));
  terminal.out(
    values.json
      ? JSON.stringify(record)
      : [machineLine(machine()), ...part.tables(measured).map(textOf)].join("\n\n"),
  );
}

const [name] = positionals;
if (name === "report" && !values.help) {
  for (const file of writeReport(parts)) terminal.out(file);
} else if (values.help || !parts[name]) {
  terminal.out(usage);
  process.exitCode = values.help ? 0 : 2;
} else await run(name, parts[name]);
