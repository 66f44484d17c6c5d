// The engines that are compared.

import type { Engine } from "./engine.ts";
import { octavox } from "./octavox.ts";
import { onnxruntime } from "./onnxruntime.ts";

/** The first one is what the others are compared with. */
export const engines: Readonly<Record<string, () => Engine>> = {
  octavox: () => octavox("relaxed"),
  "octavox wide": () => octavox("wide"),
  "octavox simd": () => octavox("simd"),
  "onnxruntime-node": () => onnxruntime("onnxruntime-node"),
  "onnxruntime-web": () => onnxruntime("onnxruntime-web"),
};
