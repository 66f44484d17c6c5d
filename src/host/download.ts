// Fetches the archive of a published package with `npm pack`, so that the user's registry, proxy and credentials
// are honoured. Nothing of the package is installed or run, and nothing is left behind.

import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { OctavoxError } from "../errors.ts";
import type { ListedModel } from "../model/list.ts";
import { explained } from "./files.ts";

export interface DownloadOptions {
  signal?: AbortSignal | undefined;
  /** Bytes so far and in all. */
  onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Interval of looking how much has come, in milliseconds. */
const LOOK = 150;
/** Work folders older than this were left by a process that was killed; in milliseconds. */
const STALE = 24 * 3600 * 1000;

/**
 * @param folder a folder for temporary work is made in it, and removed
 * @returns the package's archive, a compressed tar file with the hash that the list pins
 * @throws OctavoxError `io` when npm cannot fetch it or it is not what the list says
 */
export async function downloadPackage(
  source: ListedModel["source"],
  folder: string,
  { signal, onProgress }: DownloadOptions = {},
): Promise<Uint8Array> {
  const work = await workFolder(folder);
  const look = async (): Promise<void> =>
    onProgress?.(Math.min(await folderBytes(work), source.bytes), source.bytes);
  const watch = setInterval(look, LOOK);
  try {
    onProgress?.(0, source.bytes);
    await npmPack(source.package, work, signal);
    const name = (await readdir(work)).find((entry) => entry.endsWith(".tgz"));
    if (!name) throw failed(source.package, "no archive came");
    const archive = await readFile(join(work, name));
    verify(archive, source);
    onProgress?.(source.bytes, source.bytes);
    return archive;
  } catch (error) {
    throw explained(error, folder, "cannot be written");
  } finally {
    clearInterval(watch);
    await rm(work, { recursive: true, force: true, maxRetries: 3 });
  }
}

const PREFIX = "download-";

async function workFolder(folder: string): Promise<string> {
  try {
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (name.startsWith(PREFIX) && Date.now() - (await stat(path)).mtimeMs > STALE)
        await rm(path, { recursive: true, force: true });
    }
    return await mkdtemp(join(folder, PREFIX));
  } catch (error) {
    throw explained(error, folder, "cannot be written");
  }
}

/** npm with a cache of its own in the work folder: what has come so far can be seen there, and goes with it. */
async function npmPack(spec: string, work: string, signal: AbortSignal | undefined): Promise<void> {
  const windows = process.platform === "win32";
  const options = [
    "--ignore-scripts",
    "--pack-destination",
    work,
    "--cache",
    join(work, "npm"),
    "--loglevel",
    "error",
  ];
  const child = spawn(windows ? "npm.cmd" : "npm", ["pack", spec, ...options], {
    stdio: ["ignore", "ignore", "pipe"],
    shell: windows,
    signal,
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (complaint += text));
  const status = await new Promise<number | null>((resolve, reject) =>
    child.on("error", reject).on("close", resolve),
  ).catch((error: NodeJS.ErrnoException) => {
    signal?.throwIfAborted();
    throw failed(spec, error.code === "ENOENT" ? "npm is not installed" : error.message, error);
  });
  signal?.throwIfAborted();
  if (status !== 0) throw failed(spec, lastComplaint(complaint) ?? `npm left with status ${status}`);
}

/** npm's own reason, without its prefix and the place of its log. */
function lastComplaint(complaint: string): string | undefined {
  const lines = complaint
    .split("\n")
    .filter((line) => /^npm error (?!code |errno |syscall |A complete log|\s)/.test(line));
  return lines[0]?.replace(/^npm error /, "").trim() || undefined;
}

function failed(spec: string, found: string, cause?: unknown): OctavoxError {
  return new OctavoxError("io", `downloading ${spec}`, {
    expected: "the package's archive",
    found,
    remedy: `Check the connection and npm's settings: \`npm view ${spec}\` should work. Nothing was kept; try again`,
    cause,
  });
}

/** @throws OctavoxError `io` unless the archive has the pinned hash */
function verify(archive: Uint8Array, { package: spec, integrity }: ListedModel["source"]): void {
  const found = `sha512-${createHash("sha512").update(archive).digest("base64")}`;
  if (found === integrity) return;
  throw new OctavoxError("io", `downloading ${spec}`, {
    expected: integrity,
    found: `${found} (${archive.length} bytes)`,
    remedy:
      "The archive is damaged or is not the published one. Nothing was kept; try again, or another registry",
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
