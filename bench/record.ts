// A part's result with what it needs to be understood later: the machine, the day, the versions. Kept as JSON; the
// report is made from what is kept.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Machine, machine } from "./table.ts";

export interface PartRecord<Data = unknown> {
  readonly part: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly quick: boolean;
  readonly machine: Machine;
  /** Of octavox and of the engines beside it. */
  readonly versions: Readonly<Record<string, string>>;
  readonly data: Data;
}

const folder = join(import.meta.dirname, "results");

export function makeRecord<Data>(part: string, quick: boolean, data: Data): PartRecord<Data> {
  const manifest = (path: string) => JSON.parse(readFileSync(join(import.meta.dirname, path), "utf8"));
  const versions = { octavox: manifest("../package.json").version, ...manifest("package.json").dependencies };
  return { part, date: new Date().toISOString(), quick, machine: machine(), versions, data };
}

/** Returns where it is kept. */
export function keepRecord(record: PartRecord): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${record.part}.json`);
  writeFileSync(file, `${JSON.stringify(record, undefined, 1)}\n`);
  return file;
}

/** The part's last result that was kept. */
export function keptRecord<Data>(part: string): PartRecord<Data> | undefined {
  const file = join(folder, `${part}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
