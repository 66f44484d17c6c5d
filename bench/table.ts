// Results as a table on the terminal, or as JSON, and the machine they were measured on.

import { cpus, totalmem } from "node:os";

export interface Column<Row> {
  title: string;
  /** Words belong to the left, as in the first column; figures to the right. */
  words?: boolean;
  cell(row: Row): string;
}

/** Cells as text, the first row being the titles. */
export interface Sheet {
  readonly cells: readonly (readonly string[])[];
  /** By column: whether it belongs to the left. */
  readonly words: readonly boolean[];
}

export function sheet<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Sheet {
  return {
    cells: [columns.map(({ title }) => title), ...rows.map((row) => columns.map(({ cell }) => cell(row)))],
    words: columns.map(({ words }, at) => at === 0 || words === true),
  };
}

/** For the terminal. */
export function textOf({ cells, words }: Sheet): string {
  const widths = words.map((_, at) => Math.max(...cells.map((line) => line[at].length)));
  const aligned = cells.map((line) =>
    line
      .map((cell, at) => (words[at] ? cell.padEnd(widths[at]) : cell.padStart(widths[at])))
      .join("  ")
      .trimEnd(),
  );
  return [aligned[0], widths.map((width) => "─".repeat(width)).join("  "), ...aligned.slice(1)].join("\n");
}

/** For documents. */
export function markdownOf({ cells: [titles, ...rows], words }: Sheet): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(titles), line(words.map((left) => (left ? "---" : "--:"))), ...rows.map(line)].join("\n");
}

export interface Machine {
  cpu: string;
  cores: number;
  memoryGB: number;
  node: string;
  v8: string;
  system: string;
}

export function machine(): Machine {
  const [{ model }] = cpus();
  return {
    cpu: model.trim(),
    cores: cpus().length,
    memoryGB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    v8: process.versions.v8,
    system: `${process.platform} ${process.arch}`,
  };
}

export function machineLine({ cpu, cores, memoryGB, node, v8, system }: Machine): string {
  return `${cpu}, ${cores} cores, ${memoryGB} GB, ${system}, Node ${node} (V8 ${v8})`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
