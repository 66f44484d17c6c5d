// Folders of label folders: `yes/1.wav`, `no/1.wav` … as data sets of keywords are published.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { OctavoxError } from "../errors.ts";
import { explained } from "./files.ts";

export interface LabelFolder {
  /** The folder's name. */
  name: string;
  /** Paths of its recordings, in the order of their names. */
  files: string[];
}

const recording = /\.(?:wav|flac)$/i;

/**
 * The folders inside a folder that hold recordings, in the order of their names.
 * @throws OctavoxError `not-found` or `io` when the folder cannot be read
 */
export async function labelFolders(folder: string): Promise<LabelFolder[]> {
  const folders: LabelFolder[] = [];
  for (const name of await namesIn(folder)) {
    const inside = join(folder, name);
    // Links count as what they lead to.
    const isFolder = await stat(inside).then(
      (found) => found.isDirectory(),
      () => false,
    );
    const files = isFolder ? (await namesIn(inside)).filter((file) => recording.test(file)) : [];
    if (files.length > 0) folders.push({ name, files: files.map((file) => join(inside, file)) });
  }
  return folders;
}

/**
 * All recordings of a folder: its own, and those of each folder inside, in lists.
 * @throws OctavoxError `not-found` when there are none; `not-found` or `io` when the folder cannot be read
 */
export async function recordingsIn(folder: string): Promise<string[][]> {
  const own = (await namesIn(folder))
    .filter((file) => recording.test(file))
    .map((file) => join(folder, file));
  const lists = [own, ...(await labelFolders(folder)).map(({ files }) => files)];
  if (lists.every((list) => list.length === 0))
    throw new OctavoxError("not-found", "no recordings", {
      file: folder,
      expected: "WAV or FLAC files, or folders of them",
      found: "none",
    });
  return lists;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw explained(error, folder, "cannot be read");
  }
}
