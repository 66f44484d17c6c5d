// npm run bench -- report: docs/performance.md and its pictures, from the results that were kept.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Part } from "./parts/part.ts";
import { keptRecord, type PartRecord } from "./record.ts";
import { machineLine, markdownOf } from "./table.ts";

const docs = join(import.meta.dirname, "../docs");
const pictures = "performance";

/** Returns the files written. */
export function writeReport(parts: Readonly<Record<string, Part<unknown>>>): string[] {
  const written: string[] = [];
  const write = (name: string, text: string) => {
    const file = join(docs, name);
    writeFileSync(file, text);
    written.push(file);
  };
  mkdirSync(join(docs, pictures), { recursive: true });
  const sections: string[] = [];
  const records: PartRecord[] = [];
  for (const [name, part] of Object.entries(parts)) {
    const record = keptRecord(name);
    if (!record) continue;
    records.push(record);
    const picture = part.figure?.(record.data);
    if (picture) write(`${pictures}/${name}.svg`, picture);
    sections.push(section(name, part, record, picture !== undefined));
  }
  if (records.length > 0) write("performance.md", [head(records), ...sections].join("\n\n").concat("\n"));
  return written;
}

function head(records: readonly PartRecord[]): string {
  const [{ machine, versions }] = records;
  const days = [...new Set(records.map(({ date }) => date.slice(0, 10)))].sort();
  const engines = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const quick = records.filter(({ quick }) => quick).map(({ part }) => part);
  return [
    "# What it costs",
    `Measured on ${days.join(" and ")}: ${machineLine(machine)}; ${engines.join(", ")}. One thread, all engines in ` +
      "turn within one run, each in a process or page of its own, medians of the turns: kernels, small models and growth in " +
      "the processor's time of the process (in pages, which have no such clock, in the time on the wall), " +
      "the engines in the time on the wall. Nothing was timed whose " +
      "result had not been compared with the reference in the same run. The machine is a shared virtual one: read " +
      "the figures as ratios. `npm run bench -- --help` says how to measure yours; this file is written by " +
      "`npm run bench -- report` from `bench/results`.",
    ...(quick.length > 0 ? [`Only a quick run was kept of: ${quick.join(", ")}.`] : []),
  ].join("\n\n");
}

function section(name: string, part: Part<unknown>, { data }: PartRecord, pictured: boolean): string {
  return [
    `## ${part.heading}`,
    part.explain(data),
    ...(pictured ? [`![${part.heading}](${pictures}/${name}.svg)`] : []),
    ...part.tables(data).map(markdownOf),
  ].join("\n\n");
}
