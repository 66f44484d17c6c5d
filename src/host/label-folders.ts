// Folders of label folders: `yes/1.wav`, `no/1.wav` … as data sets of keywords are published.

import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
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

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    throw explained(error, folder, "cannot be read");
  }
}
