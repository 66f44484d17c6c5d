// The memory of a process that recognises speech and does nothing else: `resident.js` on the built package.

import { execFileSync, spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { median } from "./table.ts";

export interface Resident {
  /** Seconds of speech so far; 0 after loading. */
  heard: number;
  residentMB: number;
}

const root = join(import.meta.dirname, "..");

/** Milliseconds that loading takes, and from the start of a process to the text of its first recording. */
export interface StartTimes {
  loaded: number;
  firstText: number;
}

/** The medians of `runs` processes. */
export async function measureStart(file: string, runs: number): Promise<StartTimes> {
  const found: Report[] = [];
  for (let run = 0; run < runs; run++) found.push((await hear(["1", file])).at(-1)!);
  return {
    loaded: median(found.map(({ loaded }) => loaded)),
    firstText: median(found.map(({ firstText }) => firstText)),
  };
}

/**
 * @param folder recordings (.wav, .flac), which are heard again and again
 * @param seconds of speech altogether
 */
export async function measureResident(folder: string, seconds: number): Promise<Resident[]> {
  const found = await hear([`${seconds}`, ...recordings(folder)]);
  return found.map(({ heard, bytes }) => ({ heard, residentMB: bytes / 1e6 }));
}

function recordings(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(wav|flac)$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

interface Report {
  heard: number;
  bytes: number;
  loaded: number;
  firstText: number;
}

/** What the program says, on a package built just now. */
async function hear(given: readonly string[]): Promise<Report[]> {
  execFileSync(process.execPath, [join(root, "scripts/build.ts")], { cwd: root, stdio: "ignore" });
  const program = join(import.meta.dirname, "resident.js");
  const child = spawn(process.execPath, [program, ...given], { stdio: ["ignore", "pipe", "inherit"] });
  const found: Report[] = [];
  for await (const line of createInterface(child.stdout)) found.push(JSON.parse(line));
  if (found.length < 2) throw new Error("the process that was to hear recordings ended early");
  return found;
}
