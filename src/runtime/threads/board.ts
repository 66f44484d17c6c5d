// The board between a session and its threads: a little shared memory on which the session puts up one job at a time (a
// kernel, and the arguments of its parts) and from which it and the threads take the parts, until none is left. Nothing
// waits for a thread that has not come: parts it does not take, the others do.
//
// A part is taken by raising the ticket, one word of the job's number and the next part's, by compare-and-exchange;
// a thread that comes late finds another number there and takes nothing. While a job is written, the ticket's part is
// CLOSED, which is beyond every part.

/** Parts of a job, at most, and arguments of a call. */
export const MOST_PARTS = 64;
const MOST_ARGUMENTS = 24;
const CLOSED = 255;
const JOB = 256;

/** Words of the board. */
const TICKET = 0,
  KERNEL = 1,
  PARTS = 2,
  COUNT = 3,
  LEFT = 4,
  FAILED = 5,
  ENDED = 6;
const WORDS = 8;

/** A part of a job: the number of the kernel in the list that session and threads share. */
export interface Part {
  readonly kernel: number;
  readonly all: readonly number[];
}

export class Board {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;

  constructor(buffer = new SharedArrayBuffer(WORDS * 4 + MOST_PARTS * MOST_ARGUMENTS * 8)) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.numbers = new Float64Array(buffer, WORDS * 4);
  }

  /** Puts up a job; the one before must be finished. */
  post(kernel: number, parts: readonly (readonly number[])[]): void {
    const { words, numbers } = this;
    const job = Atomics.load(words, TICKET) & -JOB;
    Atomics.store(words, TICKET, job | CLOSED);
    words[KERNEL] = kernel;
    words[PARTS] = parts.length;
    words[COUNT] = parts[0].length;
    parts.forEach((all, part) => {
      for (let i = 0; i < all.length; i++) numbers[part * MOST_ARGUMENTS + i] = all[i];
    });
    Atomics.store(words, FAILED, 0);
    Atomics.store(words, LEFT, parts.length);
    Atomics.store(words, TICKET, job + JOB);
    Atomics.notify(words, TICKET);
  }

  /** Takes a part of the job that is up; undefined when none is left. */
  take(): Part | undefined {
    const { words, numbers } = this;
    for (;;) {
      const ticket = Atomics.load(words, TICKET);
      const part = ticket & (JOB - 1);
      if (part >= Atomics.load(words, PARTS)) return undefined;
      if (Atomics.compareExchange(words, TICKET, ticket, ticket + 1) !== ticket) continue;
      const start = part * MOST_ARGUMENTS;
      return { kernel: words[KERNEL], all: Array.from(numbers.subarray(start, start + words[COUNT])) };
    }
  }

  /** To be said by who took a part. */
  done(failed: boolean): void {
    if (failed) Atomics.store(this.words, FAILED, 1);
    Atomics.sub(this.words, LEFT, 1);
  }

  /** Parts that are not done. */
  get left(): number {
    return Atomics.load(this.words, LEFT);
  }

  /** Whether a part of this job failed. */
  get failed(): boolean {
    return Atomics.load(this.words, FAILED) !== 0;
  }

  /** Sends the threads home. */
  end(): void {
    Atomics.store(this.words, ENDED, 1);
    Atomics.add(this.words, TICKET, JOB);
    Atomics.notify(this.words, TICKET);
  }

  /** Waits until a part may be there; false when there will be none any more. Threads only. */
  wait(spins: number): boolean {
    const { words } = this;
    for (let spin = 0; spin < spins; spin++) {
      if (Atomics.load(words, ENDED) !== 0) return false;
      if (this.isOpen()) return true;
    }
    while (!this.isOpen()) {
      const ticket = Atomics.load(words, TICKET);
      if (Atomics.load(words, ENDED) !== 0) return false;
      if (!this.isOpen()) Atomics.wait(words, TICKET, ticket);
    }
    return Atomics.load(words, ENDED) === 0;
  }

  private isOpen(): boolean {
    return (Atomics.load(this.words, TICKET) & (JOB - 1)) < Atomics.load(this.words, PARTS);
  }
}
