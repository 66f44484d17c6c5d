// A session's threads: kernels whose calls they share with the session's own. Calls too small to be worth it stay on
// the calling thread, which also takes its parts of the others and waits for no one who has not begun.

import { OctavoxError } from "../../errors.ts";
import type { KernelFunctions, KernelName } from "../../kernels/functions.ts";
import { Board, MOST_PARTS } from "./board.ts";
import { type Arguments, splitting } from "./split.ts";
import { splits } from "./splits.ts";
import { type StartThread, startThread, type Thread } from "./start.ts";

/** Parts for each thread: one that is held up leaves the rest of its share to the others. */
const PARTS_A_THREAD = 4;
/** Calls below so many cycles (about 10 µs) cost more to share than they take. */
const WORTH_SHARING = 40_000;
/** How long a part may take after the session's own are done, in ms; a thread that takes longer is lost. */
const PATIENCE = 5000;

type Kernel = (...all: number[]) => void;

export interface PoolOptions {
  /** The session's own thread included. */
  threads: number;
  /** The module that the kernels come from. */
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  kernels: KernelFunctions;
  start?: StartThread;
  patience?: number;
  /** Calls below so many cycles stay on the calling thread. */
  worthSharing?: number;
}

export class ThreadPool {
  /** The session's kernels, shared with the threads. */
  readonly kernels: KernelFunctions;
  /** Why the threads were given up, when they were. */
  notice: string | undefined;
  private readonly board: Board;
  private readonly names = Object.keys(splits) as KernelName[];
  private readonly own: readonly Kernel[];
  private readonly patience: number;
  private readonly worthSharing: number;
  private threads: Thread[];
  private lost = false;

  constructor(options: PoolOptions) {
    const { threads, module, memory, kernels, start = startThread } = options;
    this.patience = options.patience ?? PATIENCE;
    this.worthSharing = options.worthSharing ?? WORTH_SHARING;
    this.board = new Board({ seat: 0, seats: threads });
    this.own = this.names.map((name) => kernels[name] as Kernel);
    this.kernels = splitting(kernels, (name, work, parts) => this.run(name, work, parts));
    const data = { module, memory, board: this.board.buffer, names: this.names };
    this.threads = Array.from({ length: threads - 1 }, (_, i) =>
      start({ ...data, seat: { seat: i + 1, seats: threads } }, (reason) => {
        this.notice ??= `a thread ended: ${reason}`;
      }),
    );
  }

  /** Threads that share the work, the session's own included. */
  get size(): number {
    return this.threads.length + 1;
  }

  /** Ends the threads. Done when none can write to the memory any more. */
  async dispose(): Promise<void> {
    const threads = this.threads;
    this.threads = [];
    this.board.end();
    await Promise.all(threads.map((thread) => thread.terminate()));
  }

  private run(name: KernelName, work: number, parts: (most: number) => Arguments[]): void {
    const kernel = this.names.indexOf(name);
    const shared = this.threads.length > 0 && work > this.worthSharing;
    const calls = parts(shared ? Math.min(MOST_PARTS, this.size * PARTS_A_THREAD) : 1);
    if (calls.length === 1) {
      this.own[kernel](...calls[0]);
      return;
    }
    const { board } = this;
    board.post(kernel, calls);
    for (let part = board.take(); part; part = board.take()) {
      let failed = true;
      try {
        this.own[part.kernel](...part.all);
        failed = false;
      } finally {
        board.done(failed);
        if (failed) this.join();
      }
    }
    this.join();
  }

  /** Gives the threads up if one of them was lost. */
  async mend(): Promise<void> {
    if (this.lost) await this.dispose();
  }

  /** Waits for the parts that threads have taken. (A page's main thread must not sleep, and they are soon done.) */
  private join(): void {
    const { board } = this;
    let end = 0;
    for (let spin = 1; board.left > 0; spin++) {
      if (spin % 10_000 !== 0) continue;
      end ||= performance.now() + this.patience;
      if (performance.now() > end) break;
    }
    if (board.left === 0 && !board.failed) return;
    this.lost = true;
    this.notice ??= "a thread was lost";
    throw new OctavoxError("host", "a thread was lost in the middle of its work", {
      expected: "a result of each thread",
      found: board.failed ? "an error in one" : `none for ${this.patience / 1000} s`,
      remedy: "Run again: the session goes on with one thread",
    });
  }
}
