// What a command says and where: results on standard output; notes, errors and progress on standard error, so that
// results can be piped. Progress bars and colours only where a person is looking.

import type { Writable } from "node:stream";

export interface Progress {
  /** Draws the bar at `done` of `total`; `label` may change on the way. */
  update(done: number, total: number, label?: string): void;
  /** Takes the bar away. */
  end(): void;
}

export interface Terminal {
  /** A line of the result. */
  out(text: string): void;
  /** A line beside it. */
  note(text: string): void;
  /** Whether somebody reads the notes as they come. */
  readonly watched: boolean;
  progress(label: string): Progress;
  bold(text: string): string;
  dim(text: string): string;
}

type Stream = Writable & { isTTY?: boolean; columns?: number };

/** How often a bar is drawn anew at most, in milliseconds. */
const REDRAW = 80;
const BAR_WIDTH = 24;

export function makeTerminal(out: Stream, err: Stream, environment: NodeJS.ProcessEnv): Terminal {
  const paint = (code: number) => (text: string) => {
    const forced = environment.FORCE_COLOR !== undefined && environment.FORCE_COLOR !== "0";
    const wanted = forced || (out.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb");
    return wanted ? `\x1b[${code}m${text}\x1b[0m` : text;
  };
  return {
    out: (text) => out.write(`${text}\n`),
    note: (text) => err.write(`${text}\n`),
    watched: err.isTTY === true,
    progress: (label) => (err.isTTY ? bar(err, label) : { update() {}, end() {} }),
    bold: paint(1),
    dim: paint(2),
  };
}

function bar(stream: Stream, label: string): Progress {
  const started = performance.now();
  let [drawn, name] = [Number.NEGATIVE_INFINITY, label];
  return {
    update(done, total, newLabel = name) {
      const now = performance.now();
      if (now - drawn < REDRAW && newLabel === name && done < total) return;
      [drawn, name] = [now, newLabel];
      const share = total > 0 ? Math.min(1, done / total) : 0;
      const filled = Math.round(share * BAR_WIDTH);
      const left =
        share > 0.02 && share < 1 ? `  ${duration(((now - started) / 1000) * (1 / share - 1))} left` : "";
      const meter = "█".repeat(filled) + "░".repeat(BAR_WIDTH - filled);
      const line = `${name}  ${meter} ${`${Math.floor(share * 100)}`.padStart(3)} %${left}`;
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns || 80) - 1)}`);
    },
    end: () => stream.write("\r\x1b[K"),
  };
}

/** Seconds as people say them: 4 s, 2 min 10 s. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Bytes as people say them: 27.9 MB. */
export function byteSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}

/** Rows of cells in columns; numbers belong to the right. */
export function columns(rows: readonly (readonly (string | number)[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => String(row[at]).length)));
  return rows.map((row) =>
    row
      .map((cell, at) =>
        typeof cell === "number" ? String(cell).padStart(widths[at]) : cell.padEnd(widths[at]),
      )
      .join("  ")
      .trimEnd(),
  );
}
