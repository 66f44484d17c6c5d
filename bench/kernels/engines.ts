// Who takes part in the comparison of kernels, and where each of them runs.

import { enableWide } from "../../src/host/index.ts";
import type { Prepare } from "../contest/task.ts";
import { importOrt } from "../onnxruntime.ts";
import { octavoxKernels } from "./octavox.ts";
import { onnxruntimeProducts } from "./onnxruntime.ts";

/** In Node, each in a process of its own. */
export const nodeEngines: Readonly<Record<string, () => Promise<Prepare> | Prepare>> = {
  octavox: () => octavoxKernels("relaxed"),
  "octavox wide": () => octavoxKernels("wide", enableWide),
  "octavox simd": () => octavoxKernels("simd"),
  "onnxruntime-node": async () => onnxruntimeProducts(await importOrt("onnxruntime-node")),
  "onnxruntime-web": async () => onnxruntimeProducts(await importOrt("onnxruntime-web")),
};
