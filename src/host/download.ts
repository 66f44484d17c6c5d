// Fetches the archive of a published package, checks that it is the one that was pinned, and leaves nothing behind.
// Nothing of the package is installed or run.

import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setInterval } from "node:timers/promises";
import { OctavoxError } from "../errors.ts";
import type { ListedModel } from "../model/list.ts";
import { explained, isOlderThan, makeFolder } from "./files.ts";
import { npmPack } from "./npm.ts";

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Bytes so far and in all. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

type Source = ListedModel["source"];

/** Interval of looking how much has come, in milliseconds. */
const LOOK = 150;
/** Names of work folders begin with this. */
const PREFIX = "download-";
/** Work folders older than this were left by a process that was killed; in milliseconds. */
const STALE = 24 * 3600 * 1000;

/**
 * @param folder a folder for temporary work is made in it, and removed
 * @returns the package's archive, a compressed tar file with the hash that the list pins
 * @throws OctavoxError `io` when npm cannot fetch it or it is not what the list says
 */
export async function downloadPackage(
  source: Source,
  folder: string,
  options: DownloadOptions = {},
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  const work = await workFolder(folder);
  try {
    await fetchInto(work, source, options);
    const name = (await readdir(work)).find((entry) => entry.endsWith(".tgz"));
    const archive = name && (await readFile(join(work, name)));
    if (!archive) throw damaged(source, "no archive");
    verify(archive, source);
    options.onProgress?.(source.bytes, source.bytes);
    return archive;
  } catch (error) {
    options.signal?.throwIfAborted();
    throw explained(error, folder, "cannot be written");
  } finally {
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function workFolder(folder: string): Promise<string> {
  try {
    await makeFolder(folder);
    for (const name of await readdir(folder))
      if (name.startsWith(PREFIX) && (await isOlderThan(STALE, join(folder, name))))
        await rm(join(folder, name), { recursive: true, force: true });
    return await mkdtemp(join(folder, PREFIX));
  } catch (error) {
    throw explained(error, folder, "cannot be written");
  }
}

/** Both npm and the look at what has come end together, whichever fails; nothing is reported afterwards. */
async function fetchInto(
  work: string,
  source: Source,
  { signal, onProgress }: DownloadOptions,
): Promise<void> {
  const over = new AbortController();
  const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const tasks = [npmPack(source.package, work, stop), watch(work, source.bytes, stop, onProgress)];
  try {
    await Promise.race(tasks);
  } finally {
    over.abort();
    await Promise.allSettled(tasks);
  }
}

/** Reports how much has come, until it is stopped (and then rejects). */
async function watch(
  work: string,
  total: number,
  stop: AbortSignal,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  onProgress?.(0, total);
  for await (const _ of setInterval(LOOK, undefined, { signal: stop })) {
    const done = await folderBytes(work);
    if (!stop.aborted) onProgress?.(Math.min(done, total), total);
  }
}

/** @throws OctavoxError `io` unless the archive has the pinned hash */
function verify(archive: Uint8Array, source: Source): void {
  const found = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  if (found !== source.integrity) throw damaged(source, `${found} (${archive.length} bytes)`);
}

function damaged(source: Source, found: string): OctavoxError {
  return new OctavoxError("io", `downloading ${source.package}`, {
    expected: source.integrity,
    found,
    remedy:
      "What came is damaged or is not what was published. Nothing was kept; try again, or another registry",
  });
}

/** Bytes of all files of a folder that may be changing. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
