// What a contestant is asked, wherever it runs (a process of its own, a page, a program): to prepare one piece of work
// and show its result, then to do it again and again against the clock.

export type Values = Int32Array | Uint8Array | Int8Array | Float32Array;

/** A family of kernels (`kernels/families.ts`) at one shape; family "limit" is the loop that nothing can outrun. */
export interface Task {
  readonly family: string;
  readonly shape: readonly number[];
}

/** `prepare` answers with the result to be compared, `time` with milliseconds. */
export type Request = { prepare: Task } | { time: number };
export interface Prepared {
  /** Undefined for work without a result, or that the contestant does not do. */
  readonly result: Values | undefined;
  readonly skipped: boolean;
}
export interface Timed {
  /** Of one call. */
  readonly milliseconds: number;
  /** What the host's limit was in the same turn, in operations a nanosecond. */
  readonly limit: number | undefined;
}
export type Answer = Prepared | Timed | { readonly error: string };

/** Work that is ready to be done. */
export interface Job {
  /** Once; a promise only where the engine has no other way. */
  run(): void | Promise<void>;
  result(): Promise<Values> | Values | undefined;
  /** The loop that this work cannot outrun on this host. */
  readonly limit?: Limit | undefined;
}

export interface Limit {
  run(): void;
  /** Operations of one run. */
  readonly operations: number;
}

/** An engine's part: the job for a task, or undefined where it has none. */
export type Prepare = (task: Task) => Promise<Job | undefined> | Job | undefined;

/** Before the first clock, at least: engines compile a second time what is called often. */
const WARM_TURNS = 50;
const WARM_MILLISECONDS = 80;
/** … but no longer than this, in milliseconds. */
const MOST_WARMING = 500;

/** Milliseconds between warming and the first clock. */
const PAUSE = 40;

/** Of each turn, what the limit gets beside the work. */
const LIMIT_SHARE = 0.25;

/** Milliseconds since whenever. */
export type Clock = () => number;

/**
 * The far end of a contestant: keeps the job prepared last.
 * @param clock the process's own time where there is one: what other programs take then does not count
 */
export function makeAnswerer(
  prepare: Prepare,
  clock: Clock = () => performance.now(),
): (request: Request) => Promise<Prepared | Timed> {
  const timers = new WeakMap<Limit, Timer>();
  const timerOf = async (known: Limit) => {
    const timer = timers.get(known) ?? (await warmed(known.run, clock));
    timers.set(known, timer);
    return timer;
  };
  let [work, limit]: (Timer | undefined)[] = [];
  let operations = 0;
  return async (request) => {
    if ("prepare" in request) {
      const job = await prepare(request.prepare);
      if (!job) return { result: undefined, skipped: true };
      await job.run();
      const result = await job.result();
      work = await warmed(job.run, clock);
      limit = job.limit && (await timerOf(job.limit));
      operations = job.limit?.operations ?? 0;
      return { result, skipped: false };
    }
    const milliseconds = await work!(request.time);
    const spent = await limit?.(request.time * LIMIT_SHARE);
    return { milliseconds, limit: spent && operations / spent / 1e6 };
  };
}

/** Runs for about so many milliseconds; returns the milliseconds of a call. */
type Timer = (milliseconds: number) => Promise<number>;

async function warmed(run: Job["run"], clock: Clock): Promise<Timer> {
  const started = clock();
  let spent = await time(run, 1, clock);
  const timer: Timer = async (milliseconds) => {
    spent = await time(run, Math.max(1, Math.round(milliseconds / spent)), clock);
    return spent;
  };
  for (let turns = 1; turns < WARM_TURNS || clock() - started < WARM_MILLISECONDS; turns++) {
    await timer(WARM_MILLISECONDS / WARM_TURNS);
    if (clock() - started > MOST_WARMING) break;
  }
  // The compiler's threads may still be at it, the more so on a busy host.
  await new Promise((resume) => setTimeout(resume, PAUSE));
  await timer(WARM_MILLISECONDS / 4);
  return timer;
}

/** Milliseconds a call. */
async function time(run: Job["run"], calls: number, clock: Clock): Promise<number> {
  const started = clock();
  for (let i = 0; i < calls; i++) {
    // Awaiting what is not a promise would cost more than a small kernel itself.
    const pending = run();
    if (pending) await pending;
  }
  return Math.max(1e-3, clock() - started) / calls;
}
