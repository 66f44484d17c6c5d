// Every error octavox throws on purpose. A message names what was expected, what was found, where, and
// what to do about it; `code` is for programs, the message for people.

/** The kinds of failure a caller may want to tell apart. */
export type ErrorCode =
  | "format" // a file is not what it claims to be
  | "unsupported" // a valid file that asks for something octavox does not do
  | "shape" // sizes or types that do not fit together
  | "argument" // a call or command used wrongly
  | "not-found" // a file or model that is not there
  | "io" // reading, writing or downloading failed
  | "host" // the machine cannot do what is needed
  | "state"; // an object used after dispose, or twice at once

export interface ErrorDetails {
  /** The file or resource concerned, as the caller named it. */
  file?: string | undefined;
  /** Byte offset in `file`, where one is known. */
  offset?: number | undefined;
  expected?: string | undefined;
  found?: string | undefined;
  /** What the reader can do about it; a sentence. */
  remedy?: string | undefined;
  cause?: unknown;
}

/**
 * The one error class. The message is composed from the parts, so that every error reads alike:
 * `file: what went wrong (byte N): expected …, found …. Remedy.`
 */
export class OctavoxError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  /** The first part of the message, without file, place and remedy. */
  readonly summary: string;

  constructor(code: ErrorCode, summary: string, details: ErrorDetails = {}) {
    super(compose(summary, details), details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "OctavoxError";
    this.code = code;
    this.summary = summary;
    this.details = details;
  }

  /** The same error with more known about it: readers deep down do not know the file's name. */
  with(details: ErrorDetails): OctavoxError {
    return new OctavoxError(this.code, this.summary, { ...this.details, ...details });
  }
}

function compose(summary: string, { file, offset, expected, found, remedy }: ErrorDetails): string {
  const where = offset === undefined ? "" : ` (byte ${offset})`;
  const compared = [expected && `expected ${expected}`, found && `found ${found}`].filter(Boolean).join(", ");
  return `${file ? `${file}: ` : ""}${summary}${where}${compared ? `: ${compared}` : ""}${remedy ? `. ${remedy}` : ""}`;
}
