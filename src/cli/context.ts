// What every verb is given.

import type { Terminal } from "./terminal.ts";

export interface Context {
  terminal: Terminal;
  /** Fires when the user interrupts. */
  signal: AbortSignal;
}
