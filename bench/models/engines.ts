// Who takes part in the comparison of models in Node; `browser/page.ts` has those in Chromium.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { enableWide } from "../../src/host/index.ts";
import type { Prepare } from "../contest/task.ts";
import { importOrt } from "../onnxruntime.ts";
import { octavoxModels } from "./octavox.ts";
import { onnxruntimeModels } from "./onnxruntime.ts";

/** Where the models' files are. */
export const folder = join(import.meta.dirname, "../../../shared/data");
const read = (path: string) => readFile(join(folder, path));

export const modelEngines: Readonly<Record<string, () => Promise<Prepare> | Prepare>> = {
  octavox: () => octavoxModels(read, { kernels: "relaxed" }),
  "octavox wide": () => octavoxModels(read, { kernels: "wide", enableWide }),
  "onnxruntime-node": async () => onnxruntimeModels(await importOrt("onnxruntime-node"), read),
  "onnxruntime-web": async () => onnxruntimeModels(await importOrt("onnxruntime-web"), read),
};

export const modelPages = ["octavox", "onnxruntime-web", "LiteRT.js"];
