// How a command fails: one line that says what, where and what to do; the stack only for those who ask.

import { OctavoxError } from "../errors.ts";

export function errorLine(error: unknown, debug = false): string {
  if (debug && error instanceof Error) return `octavox: ${error.stack}${causes(error.cause)}`;
  if (error instanceof OctavoxError) return `octavox: ${sentence(error.message)}`;
  const message = error instanceof Error ? error.message : String(error);
  return `octavox: ${sentence(message)} (a mistake of octavox; --debug shows where)`;
}

function causes(cause: unknown): string {
  return cause instanceof Error ? `\n  caused by ${cause.stack}${causes(cause.cause)}` : "";
}

/** One line, whatever a message holds. */
function sentence(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
