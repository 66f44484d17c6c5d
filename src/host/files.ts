// Files in and out, with every failure a typed error that names the file and what to do.

import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { addAbortSignal, type Readable } from "node:stream";
import { OctavoxError } from "../errors.ts";
import type { ModelFile } from "../runtime/load.ts";

/** No audio file or model that octavox can use is larger. */
const MOST_BYTES = 2 ** 31;

export interface ReadOptions {
  signal?: AbortSignal | undefined;
}

/** @param path "-" is standard input */
export async function readBytes(
  path: string,
  { signal }: ReadOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  signal?.throwIfAborted();
  try {
    if (path === "-") return await readAll(process.stdin, path, signal);
    const found = await stat(path);
    if (found.isDirectory()) throw new OctavoxError("io", "not a file", { file: path, found: "a folder" });
    await using file = await open(path);
    // Pipes and devices have no size of their own.
    if (!found.isFile()) return await readAll(file.createReadStream(), path, signal);
    if (found.size > MOST_BYTES) throw tooLarge(path, found.size);
    const bytes = new Uint8Array(found.size);
    return bytes.subarray(0, await readInto(bytes, file, 0));
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(error, path, "cannot be read");
  }
}

/** Standard input as it comes; ends with the signal's reason. */
export async function* readPieces({ signal }: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  try {
    yield* signal ? addAbortSignal(signal, process.stdin) : process.stdin;
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(error, "-", "cannot be read");
  }
}

/** A file that is read in parts, closed with `await using`. */
export async function openFile(path: string): Promise<ModelFile & AsyncDisposable> {
  try {
    const file = await open(path);
    const found = await file.stat();
    if (!found.isFile()) {
      await file.close();
      throw new OctavoxError("io", "not a file", { file: path, found: "a folder or a device" });
    }
    return {
      bytes: found.size,
      async read(target, position) {
        const bytesRead = await readInto(target, file, position);
        if (bytesRead < target.length)
          throw new OctavoxError("io", "changed while it was read", {
            file: path,
            offset: position + bytesRead,
          });
      },
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    throw explained(error, path, "cannot be read");
  }
}

/** The system reads at most this much at once. */
const MOST_AT_ONCE = 2 ** 30;

/** Fills `target`, or as much of it as the file has from `position` on; returns how much. */
async function readInto(target: Uint8Array, file: FileHandle, position: number): Promise<number> {
  let at = 0;
  while (at < target.length) {
    const most = Math.min(target.length - at, MOST_AT_ONCE);
    const { bytesRead } = await file.read(target, at, most, position + at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return at;
}

/** An abort is heard while nothing comes from standard input; a read of a named pipe has to end first. */
async function readAll(
  stream: Readable,
  name: string,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of signal ? addAbortSignal(signal, stream) : stream) {
    parts.push(part);
    size += part.length;
    if (size > MOST_BYTES) throw tooLarge(name, size);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function tooLarge(file: string, size: number): OctavoxError {
  return new OctavoxError("unsupported", "too large a file", {
    file,
    expected: `at most ${MOST_BYTES} bytes`,
    found: `${size}`,
  });
}

/** Makes a folder and those above it. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    // Of a read-only file system Node says that something does not exist. One folder at a time gives the reason.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

/** Writes under a temporary name beside the file and renames: the file is there whole, or as it was before. */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomUUID()}.part`;
  try {
    await makeFolder(dirname(path));
    const file = await open(temporary, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // The first failure is the one to report.
    throw explained(error, path, "cannot be written");
  }
}

/** Whether nothing was written to a file, or put into a folder, for so many milliseconds; false when it is gone. */
export async function isOlderThan(age: number, path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > age;
}

const noPermission = {
  found: "no permission",
  remedy: "Change its permissions; for the cache, OCTAVOX_HOME names another folder",
};

/** What the operating system's error codes mean to a user. */
const reasons: Readonly<Record<string, { found: string; remedy?: string }>> = {
  ENOENT: { found: "no such file", remedy: "Check the path" },
  ENOTDIR: { found: "a file where a folder should be", remedy: "Check the path" },
  EACCES: noPermission,
  EPERM: noPermission,
  EROFS: {
    found: "a read-only file system",
    remedy: "Choose another place; OCTAVOX_HOME names the cache folder",
  },
  ENOSPC: { found: "a full disk", remedy: "Free some space, or name another folder in OCTAVOX_HOME" },
  EDQUOT: {
    found: "a used-up disk quota",
    remedy: "Free some space, or name another folder in OCTAVOX_HOME",
  },
  EISDIR: { found: "a folder" },
};

/** A file system's error as one of ours; others pass unchanged. */
export function explained(error: unknown, file: string, what: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (error instanceof OctavoxError || typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return error;
  const reason = reasons[code] ?? { found: code };
  return new OctavoxError(code === "ENOENT" ? "not-found" : "io", what, { file, ...reason, cause: error });
}
