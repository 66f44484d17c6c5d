// What an evaluation found, for people and for programs.

import { type Cost, type Disagreement, disagreements, type Outcome } from "../evaluate/index.ts";
import { columns, type Terminal } from "./terminal.ts";

/** A model on a data set. */
export interface Ran {
  model: string;
  /** Recordings heard, of those chosen. */
  done: number;
  total: number;
  /** For programs. */
  record: { readonly [name: string]: unknown };
  /** For people: a table's rows, each its name, the figure, and what explains it. */
  summary: readonly (readonly [name: string, figure: string, rest: string])[];
  /** Further tables, each with a heading. */
  details: readonly { heading: string; lines: readonly string[] }[];
  outcomes: readonly Outcome[];
  /** Whether two hearings of a recording are the same. */
  same(a: string, b: string): boolean;
}

/** The last row of every summary. */
export function speedRow(
  { audioSeconds, processingSeconds, rtf }: Cost,
  kernels: string,
): Ran["summary"][number] {
  const work = `${audioSeconds.toFixed(1)} s of audio in ${processingSeconds.toFixed(2)} s, ${kernels} kernels`;
  return ["real-time factor", rtf.toFixed(4), work];
}

interface Printing {
  json?: boolean;
  errors?: boolean;
}

export function printOne(terminal: Terminal, ran: Ran, options: Printing): void {
  if (options.json) terminal.out(JSON.stringify(ran.record));
  else printTables(terminal, ran, options);
}

function printTables({ out, bold }: Terminal, { summary, details, outcomes }: Ran, options: Printing): void {
  for (const line of columns(summary)) out(line);
  for (const { heading, lines } of details) {
    out(`\n${bold(heading)}`);
    for (const line of lines) out(line);
  }
  if (options.errors)
    for (const { id, said, heard, right } of outcomes)
      if (!right) out(`\n${id}\n  said   ${said}\n  heard  ${heard}`);
}

/** Both models' figures in columns, and what they heard differently. */
export function printAgainst(terminal: Terminal, ran: Ran, other: Ran, options: Printing): void {
  const differing = disagreements(ran.outcomes, other.outcomes, ran.same);
  const record = { ...ran.record, against: other.record, disagreements: differing };
  if (options.json) terminal.out(JSON.stringify(record));
  else printBoth(terminal, ran, other, differing);
}

function printBoth({ out, bold }: Terminal, ran: Ran, other: Ran, differing: readonly Disagreement[]): void {
  const rows = ran.summary.map(([name, figure]) => {
    const [, second = ""] = other.summary.find(([each]) => each === name) ?? [];
    return [name, figure, second];
  });
  for (const line of columns([["", ran.model, other.model], ...rows])) out(line);
  // Of a stream there is nothing to compare recording by recording.
  if (ran.outcomes.length === 0) return;
  const of = (who: Disagreement["right"]) => differing.filter(({ right }) => right === who).length;
  const { length } = differing;
  out(`\n${bold("differences")}  ${length} of ${ran.done} recordings`);
  if (length === 0) return;
  out(
    `only ${ran.model} is right: ${of("this")}; only ${other.model}: ${of("other")}; neither: ${of("neither")}`,
  );
  const listed = differing.map(({ id, said, heard, other: second }) => [id, said, heard, second]);
  const width = Math.max(...listed.flatMap(([, ...texts]) => texts.map((text) => text.length)));
  if (width <= LONGEST_CELL)
    for (const line of columns([["", "said", ran.model, other.model], ...listed])) out(line);
  else for (const [id, ...texts] of listed) out(block(id, texts, ["said", ran.model, other.model]));
}

/** Longer texts stand below each other. */
const LONGEST_CELL = 40;

function block(id: string, texts: readonly string[], names: readonly string[]): string {
  const lines = columns(texts.map((text, at) => [names[at], text]));
  return `\n${id}\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
