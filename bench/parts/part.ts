// What the verbs of the bench have in common: each measures something, and knows how to show it.

import type { Progress, Terminal } from "../../src/cli/terminal.ts";
import type { Sheet } from "../table.ts";

export interface Settings {
  /** Fewer sizes and shorter turns: a look, not a figure to quote. */
  readonly quick: boolean;
  readonly rounds: number;
  /** Names of what is to be measured; all when not given. */
  readonly only: readonly string[] | undefined;
  /** Only so many shapes of each family. */
  readonly shapes: number | undefined;
  /** Folder with refs.tsv and recordings. */
  readonly data: string;
  /** Only so many recordings. */
  readonly limit: number | undefined;
  readonly terminal: Terminal;
  readonly bar: Progress;
}

export interface Part<Data> {
  readonly summary: string;
  /** Whether the other engines have to be installed. */
  readonly others: boolean;
  measure(settings: Settings): Promise<Data>;
  tables(data: Data): readonly Sheet[];
  /** For the report: a heading, what the figures say in a few sentences, and a picture as SVG. */
  readonly heading: string;
  explain(data: Data): string;
  figure?(data: Data): string;
}
