// Model files of any format that octavox reads, by path, with what lies beside them.

import { dirname, join } from "node:path";
import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";
import { readBytes } from "./files.ts";

export interface ModelFromFile {
  model: Model;
  /** Of the file. */
  bytes: number;
}

/**
 * Reads a model. A keyword model whose file has no labels (TensorFlow's graphs) takes them from `labels.txt` beside it,
 * one a line.
 * @throws OctavoxError `io`, or what `readModel` throws
 */
export async function readModelFile(
  path: string,
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<ModelFromFile> {
  const bytes = await readBytes(path, { signal });
  // The converter is large, and packed models run without it.
  const { readModel } = await import("../import.ts");
  const model = readModel(bytes, { file: path });
  const { task, labels } = model.metadata;
  if (task !== "keywords" || labels !== undefined) return { model, bytes: bytes.length };
  const found = await labelsBeside(path, signal);
  const metadata = found ? { ...model.metadata, labels: found } : model.metadata;
  return { model: { ...model, metadata }, bytes: bytes.length };
}

async function labelsBeside(path: string, signal: AbortSignal | undefined): Promise<string[] | undefined> {
  if (path === "-") return undefined;
  try {
    const bytes = await readBytes(join(dirname(path), "labels.txt"), { signal });
    const lines = new TextDecoder().decode(bytes).split("\n");
    return lines.map((line) => line.trim()).filter((line) => line !== "");
  } catch (error) {
    if (error instanceof OctavoxError && error.code === "not-found") return undefined;
    throw error;
  }
}
