// Any model file → model. The format is told by the first bytes, not by the name.

import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";
import { isOvx, readOvx } from "../model/ovx.ts";
import { importOnnx, type OnnxImportOptions } from "./onnx/import.ts";

export type ReadModelOptions = OnnxImportOptions;

/**
 * Reads a packed model (`.ovx`) or an ONNX model.
 * @throws OctavoxError `format` when the bytes are neither, or damaged; `unsupported`, `not-found` as ONNX models need
 */
export function readModel(bytes: Uint8Array, options: ReadModelOptions = {}): Model {
  if (!isOvx(bytes)) return importOnnx(bytes, options);
  try {
    return readOvx(bytes);
  } catch (error) {
    throw error instanceof OctavoxError ? error.with({ file: options.file }) : error;
  }
}
