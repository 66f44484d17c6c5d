// A histogram of numbers whose range is not known beforehand. Bins are as wide as a power of two and begin at
// multiples of it: when a number falls outside, neighbouring bins join to pairs, and no count is ever divided. Its
// memory is the bins, however many numbers it sees.

const BINS = 4096;
/** The narrowest bin: the smallest float32. */
const NARROWEST = 2 ** -149;
/** Numbers of bins stay exact in a float64, and narrow ranges far from 0 get no bins narrower than their numbers. */
const MOST_INDEX = 2 ** 40;

export class Histogram {
  /** Of bin i: numbers from (first + i)·width to the next bin's. */
  readonly counts = new Float64Array(BINS);
  width = 0;
  first = 0;
  total = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  /** Numbers that are exactly 0 lie in a bin of their own, as every grid has them exactly. */
  zeros = 0;

  /** @returns how many of the numbers were not finite; they are left out */
  add(values: ArrayLike<number>): number {
    let [min, max, strange] = [this.min, this.max, 0];
    for (let i = 0; i < values.length; i++) {
      const x = values[i];
      if (x < min) min = x;
      if (x > max) max = x;
      if (!Number.isFinite(x)) strange++;
    }
    if (strange > 0) return strange;
    if (values.length === 0) return 0;
    [this.min, this.max] = [min, max];
    this.makeRoom(min, max);
    const { counts, width, first } = this;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0) this.zeros++;
      else counts[Math.floor(values[i] / width) - first]++;
    }
    this.total += values.length;
    return 0;
  }

  /** Bins that hold numbers, each by its middle, limited to what was seen. */
  *bins(): Generator<{ middle: number; low: number; high: number; count: number }> {
    for (let i = 0; i < BINS; i++) {
      const count = this.counts[i];
      if (count === 0) continue;
      const [low, high] = [
        Math.max(this.min, (this.first + i) * this.width),
        Math.min(this.max, (this.first + i + 1) * this.width),
      ];
      yield { middle: (low + high) / 2, low, high, count };
    }
  }

  private makeRoom(min: number, max: number): void {
    if (this.total === this.zeros) {
      this.width = NARROWEST;
      while ((max - min) / this.width > BINS / 4 || Math.max(-min, max) / this.width > MOST_INDEX)
        this.width *= 2;
      this.first = Math.floor(min / this.width);
      return;
    }
    for (;;) {
      const [low, high] = [Math.floor(min / this.width), Math.floor(max / this.width)];
      if (low >= this.first && high < this.first + BINS) return;
      if (!this.shift(low, high)) this.widen();
    }
  }

  /** Moves the window of bins where all that was counted and all that comes fits into it. */
  private shift(low: number, high: number): boolean {
    let [from, to] = [0, BINS - 1];
    while (this.counts[from] === 0) from++;
    while (this.counts[to] === 0) to--;
    const [least, most] = [Math.min(low, this.first + from), Math.max(high, this.first + to)];
    if (most - least >= BINS) return false;
    const first = least - Math.floor((BINS - 1 - (most - least)) / 2);
    const kept = this.counts.slice(from, to + 1);
    this.counts.fill(0);
    this.counts.set(kept, this.first + from - first);
    this.first = first;
    return true;
  }

  private widen(): void {
    const first = Math.floor(this.first / 2);
    const joined = new Float64Array(BINS);
    for (let i = 0; i < BINS; i++) joined[Math.floor((this.first + i) / 2) - first] += this.counts[i];
    this.counts.set(joined);
    this.first = first;
    this.width *= 2;
  }
}
