// A cell of the paper's table: what one model loses on so many bits by one scheme, and what it takes.

/** "match" is the float model; the others run quantized what was trained in float ("mismatch"). */
export type Scheme = "match" | `article ${Bits}` | `best ${Bits}`;
export const widths = [16, 8, 6, 4] as const;
export type Bits = (typeof widths)[number];

export const schemes: readonly Scheme[] = [
  "match",
  ...widths.map((bits) => `article ${bits}` as const),
  ...widths.map((bits) => `best ${bits}` as const),
];

export interface Row {
  metric: "accuracy" | "wer";
  /** In percent. */
  value: number;
  /** Of weights, with scales and zero points. */
  weightBytes: number;
  /** Of the packed file. */
  fileBytes: number;
  /** Processor time of the network ÷ audio time. */
  rtf: number;
}

/** How rows of a model are made; undefined where there is no such row. */
export interface Subject {
  name: string;
  rows: Readonly<Partial<Record<Scheme, (progress: ShowProgress) => Promise<Row>>>>;
}

export type ShowProgress = (done: number, total: number, what: string) => void;

/** Seconds of the processor that this process has taken: what other programs take does not count. */
export function ownSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
