// Keyword models by the path of a file: packed ones, and those that octavox imports.

import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";
import { isOvx } from "../model/ovx.ts";
import type { KeywordSettings } from "../speech/keyword-settings.ts";
import { KeywordModel, type KeywordOptions } from "../speech/keywords.ts";
import { openFile, readBytes } from "./files.ts";
import { readModelFile } from "./import.ts";
import { findModel, type PullOptions } from "./models.ts";
import { enableWide } from "./v8.ts";

/**
 * A keyword model by the path of a file. Files of other formats than octavox's own are imported, and their graphs
 * go through the passes.
 * @throws OctavoxError `not-found`, `io`, or `format` when it is no keyword model
 */
export async function loadKeywords(
  model: string,
  options: KeywordOptions & PullOptions = {},
): Promise<KeywordModel> {
  const path = await findModel(model, options);
  try {
    await using file = await openFile(path);
    const head = new Uint8Array(Math.min(file.bytes, 16));
    await file.read(head, 0);
    const source = isOvx(head) ? file : await importModel(path, options);
    return await KeywordModel.load(source, { enableWide, ...options });
  } catch (error) {
    throw error instanceof OctavoxError ? error.with({ file: path }) : error;
  }
}

async function importModel(path: string, { signal }: PullOptions): Promise<Model> {
  const { model } = await readModelFile(path, { signal });
  const { prepareModel } = await import("../import.ts");
  return prepareModel(model);
}

/**
 * What a model's own file does not say, from a JSON file: `{ labels, samples, sampleRate?, features }`.
 * @throws OctavoxError `format` when it is no JSON object; its fields are checked when the model is loaded
 */
export async function readKeywordFile(path: string): Promise<KeywordSettings> {
  const text = new TextDecoder().decode(await readBytes(path));
  const wrong = (found: string) =>
    new OctavoxError("format", "not a description of a keyword model", {
      file: path,
      expected: 'JSON such as {"labels": ["yes", "no"], "samples": 16000, "features": {"preset": "tf-mfcc"}}',
      found,
    });
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as KeywordSettings;
  } catch (error) {
    throw wrong((error as Error).message);
  }
  throw wrong("no object");
}
