// What a caller may ask of a session, and of one of its runs.

import type { KernelOptions } from "./choose.ts";
import type { Observer } from "./observe.ts";

export interface SessionOptions extends KernelOptions {
  /**
   * Threads that share the work of a run, 1 to 64; 1 unless said. The result has the same bits for any number. Pages
   * that are not isolated from other origins have one.
   */
  threads?: number | undefined;
  /** Bytes of WebAssembly memory that the session may take; up to 4 GiB unless said. */
  memoryLimit?: number | undefined;
  /** Is shown the inputs of nodes as they run: for those who study activations. */
  observe?: Observer | undefined;
  signal?: AbortSignal | undefined;
}

export interface RunOptions {
  /** Which of the model's graphs; needed only when it has several. */
  graph?: string | undefined;
  signal?: AbortSignal | undefined;
}
