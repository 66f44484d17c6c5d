// Any model file → model. The format is told by the first bytes, not by the name.

import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";
import { isOvx, readOvx } from "../model/ovx.ts";
import { importOnnx, type OnnxImportOptions } from "./onnx/import.ts";
import { importTensorflow, isGraphDef } from "./tensorflow/import.ts";

export type ReadModelOptions = OnnxImportOptions;

/**
 * Reads a packed model (`.ovx`), an ONNX model or a TensorFlow frozen graph (`.pb`).
 * @throws OctavoxError `format` when the bytes are neither, or damaged; `unsupported`, `not-found` as imported models need
 */
export function readModel(bytes: Uint8Array, options: ReadModelOptions = {}): Model {
  if (isGraphDef(bytes)) return importTensorflow(bytes, options);
  if (!isOvx(bytes)) return importOnnx(bytes, options);
  try {
    return readOvx(bytes);
  } catch (error) {
    throw error instanceof OctavoxError ? error.with({ file: options.file }) : error;
  }
}
