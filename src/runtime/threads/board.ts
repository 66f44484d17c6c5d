// The board between a session and its threads: a little shared memory on which the session puts up one job at a time (a
// kernel, and the arguments of its parts) and from which it and the threads take the parts, until none is left. Nothing
// waits for a thread that has not come: parts it does not take, the others do.
//
// Each has a seat, and looks for parts from its own place in their row on. As jobs of a model are cut alike, a thread so
// gets mostly the rows that it computed in the job before, which are in its core's cache.
//
// A part is taken by compare-and-exchange of its claim from "free in job j" to "taken in job j": a thread that comes
// late, with the number of a job that is done, takes nothing.

/** Parts of a job, at most, and arguments of a call. */
export const MOST_PARTS = 64;
const MOST_ARGUMENTS = 24;

/** Words of the board. */
const JOB = 0,
  KERNEL = 1,
  PARTS = 2,
  COUNT = 3,
  LEFT = 4,
  FAILED = 5,
  ENDED = 6,
  CLAIMS = 8;
const WORDS = CLAIMS + MOST_PARTS;

const freeIn = (job: number): number => 2 * job;
const takenIn = (job: number): number => 2 * job + 1;
/** Numbers of jobs wrap here, so that claims stay in 32 bits. */
const JOBS = 2 ** 30;

/** A part of a job: the number of the kernel in the list that session and threads share. */
export interface Part {
  readonly kernel: number;
  readonly all: readonly number[];
}

/** Who takes parts: the session has seat 0, its threads the others. */
export interface Seat {
  readonly seat: number;
  readonly seats: number;
}

export class Board {
  readonly buffer: SharedArrayBuffer;
  private readonly words: Int32Array;
  private readonly numbers: Float64Array;
  private readonly place: number;
  /** The job that this one knows of. */
  private job = 0;

  constructor(
    { seat, seats }: Seat,
    buffer = new SharedArrayBuffer(WORDS * 4 + MOST_PARTS * MOST_ARGUMENTS * 8),
  ) {
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, WORDS);
    this.numbers = new Float64Array(buffer, WORDS * 4);
    this.place = seat / seats;
  }

  /** Puts up a job; the one before must be finished. */
  post(kernel: number, parts: readonly (readonly number[])[]): void {
    const { words, numbers } = this;
    this.job = (this.job + 1) % JOBS;
    words[KERNEL] = kernel;
    words[COUNT] = parts[0].length;
    Atomics.store(words, PARTS, parts.length);
    parts.forEach((all, part) => {
      for (let i = 0; i < all.length; i++) numbers[part * MOST_ARGUMENTS + i] = all[i];
      Atomics.store(words, CLAIMS + part, freeIn(this.job));
    });
    Atomics.store(words, FAILED, 0);
    Atomics.store(words, LEFT, parts.length);
    Atomics.store(words, JOB, this.job);
    Atomics.notify(words, JOB);
  }

  /** Takes a part of the job last posted or waited for; undefined when none is left. */
  take(): Part | undefined {
    const { words, numbers, job } = this;
    const parts = Atomics.load(words, PARTS);
    const first = Math.floor(this.place * parts);
    for (let i = 0; i < parts; i++) {
      const part = (first + i) % parts;
      if (Atomics.compareExchange(words, CLAIMS + part, freeIn(job), takenIn(job)) !== freeIn(job)) continue;
      const start = part * MOST_ARGUMENTS;
      return { kernel: words[KERNEL], all: Array.from(numbers.subarray(start, start + words[COUNT])) };
    }
    return undefined;
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
    this.job = (this.job + 1) % JOBS;
    Atomics.store(this.words, JOB, this.job);
    Atomics.notify(this.words, JOB);
  }

  /** Waits for another job than the last; false when there will be none any more. Threads only. */
  wait(spins: number): boolean {
    const { words } = this;
    const last = this.job;
    for (let spin = 0; spin < spins && Atomics.load(words, JOB) === last; spin++);
    while (Atomics.load(words, JOB) === last) Atomics.wait(words, JOB, last);
    this.job = Atomics.load(words, JOB);
    return Atomics.load(words, ENDED) === 0;
  }
}
