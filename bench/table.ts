// Results as a table on the terminal, or as JSON, and the machine they were measured on.

import { cpus, totalmem } from "node:os";

export interface Column<Row> {
  title: string;
  /** Words belong to the left, as in the first column; figures to the right. */
  words?: boolean;
  cell(row: Row): string;
}

export function table<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at].length)));
  const lines = cells.map((line) =>
    line
      .map((cell, at) =>
        at === 0 || columns[at].words ? cell.padEnd(widths[at]) : cell.padStart(widths[at]),
      )
      .join("  ")
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => "─".repeat(width)).join("  "), ...lines.slice(1)].join("\n");
}

export function machine(): {
  cpu: string;
  cores: number;
  memoryGB: number;
  node: string;
  v8: string;
  system: string;
} {
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

export function machineLine(): string {
  const { cpu, cores, memoryGB, node, v8, system } = machine();
  return `${cpu}, ${cores} cores, ${memoryGB} GB, ${system}, Node ${node} (V8 ${v8})`;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
