// What was said against what was heard, counted.

export interface ClassCount {
  /** Recordings of the label. */
  count: number;
  correct: number;
  /** Share of them heard as what they are, in percent. */
  value: number;
}

export interface Accuracy {
  items: number;
  correct: number;
  /** In percent; 0 of nothing. */
  value: number;
}

export class Confusion {
  /** Rows and columns of `counts`. */
  readonly labels: readonly string[];
  /** counts[said][heard] */
  readonly counts: readonly number[][];
  private readonly index: ReadonlyMap<string, number>;

  constructor(labels: readonly string[]) {
    this.labels = labels;
    this.counts = labels.map(() => labels.map(() => 0));
    this.index = new Map(labels.map((label, at) => [label, at]));
  }

  /** Counts a recording; both labels are known. */
  add(said: string, heard: string): void {
    this.counts[this.index.get(said)!][this.index.get(heard)!]++;
  }

  /** Over all recordings, or all but those of a label. */
  accuracy({ without }: { without?: string | undefined } = {}): Accuracy {
    const rows = this.labels.map((label, at) => ({
      label,
      row: this.counts[at],
      correct: this.counts[at][at],
    }));
    const counted = rows.filter(({ label }) => label !== without);
    const items = sum(counted.map(({ row }) => sum(row)));
    const correct = sum(counted.map((each) => each.correct));
    return { items, correct, value: percent(correct, items) };
  }

  /** By label, of those that were said. */
  perClass(): Record<string, ClassCount> {
    const entries = this.labels.map((label, at) => {
      const [count, correct] = [sum(this.counts[at]), this.counts[at][at]];
      return [label, { count, correct, value: percent(correct, count) }] as const;
    });
    return Object.fromEntries(entries.filter(([, { count }]) => count > 0));
  }

  /** Pairs of different labels that were confused, the most frequent first. */
  pairs(): { said: string; heard: string; count: number }[] {
    return this.labels
      .flatMap((said, row) =>
        this.labels.map((heard, column) => ({
          said,
          heard,
          count: row === column ? 0 : this.counts[row][column],
        })),
      )
      .filter(({ count }) => count > 0)
      .sort((a, b) => b.count - a.count);
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}
