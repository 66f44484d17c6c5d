// `octavox/node`: models by name, kept in the cache folder, and recognisers made of them.

import { OctavoxError } from "../errors.ts";
import type { SessionOptions } from "../runtime/session.ts";
import { Recognizer } from "../speech/recognizer.ts";
import { openFile } from "./files.ts";
import { findModel, type PullOptions } from "./models.ts";
import { enableWide } from "./v8.ts";

export type { PcmStreamOptions } from "../audio/pcm-stream.ts";
export { PcmStream } from "../audio/pcm-stream.ts";
export { type ListedModel, models } from "../model/list.ts";
export { cacheFolder } from "./cache.ts";
export { openFile, readBytes, readPieces, writeAtomically } from "./files.ts";
export { type ModelFromFile, readModelFile } from "./import.ts";
export { loadKeywords, readKeywordFile } from "./keywords.ts";
export type { LabelFolder } from "./label-folders.ts";
export { labelFolders, recordingsIn } from "./label-folders.ts";
export type { PullOptions, PullProgress } from "./models.ts";
export { cachedBytes, downloadFiles, findModel, modelPath, pullModel } from "./models.ts";
export type { RecorderName, Recording } from "./recorder.ts";
export { record, recorderNames } from "./recorder.ts";
export { enableWide, keepMemorySmall } from "./v8.ts";

/**
 * A recogniser by its name in the list of models (downloaded and converted on first use) or by the path of a file.
 * @throws OctavoxError `not-found` for what is neither, `io` when it cannot be downloaded or read, `format` when it is
 *   not a packed recogniser
 */
export async function loadRecognizer(
  model: string,
  options: SessionOptions & PullOptions = {},
): Promise<Recognizer> {
  const path = await findModel(model, options);
  try {
    await using file = await openFile(path);
    return await Recognizer.load(file, { enableWide, ...options });
  } catch (error) {
    if (!(error instanceof OctavoxError) || error.code !== "format") throw error;
    const anew = path === model ? undefined : `Get it anew: octavox models pull ${model} --force`;
    throw error.with({ file: path, remedy: anew ?? error.details.remedy });
  }
}
