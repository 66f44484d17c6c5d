// The engines that are compared, each in a Node process of its own; `browser/page.ts` has those that run in Chromium.

import { readFile } from "node:fs/promises";
import { keepMemorySmall, loadRecognizer } from "../../src/host/index.ts";
import type { KernelChoice } from "../../src/index.ts";
import { importOrt, type OrtName } from "../onnxruntime.ts";
import type { Engine } from "./engine.ts";
import { octavox } from "./octavox.ts";
import { onnxruntime } from "./onnxruntime.ts";

const own =
  (kernels: KernelChoice, threads = 1) =>
  () =>
    octavox(kernels, (ovx) => {
      keepMemorySmall(); // As the command line does.
      return loadRecognizer(ovx, { kernels, threads });
    });
const ort = (name: OrtName) => () =>
  onnxruntime(
    () => importOrt(name),
    (path) => readFile(path),
  );

/** The first one is what the others are compared with. */
export const engines: Readonly<Record<string, () => Engine>> = {
  octavox: own("relaxed"),
  "octavox, 2 threads": own("relaxed", 2),
  "octavox wide": own("wide"),
  "octavox simd": own("simd"),
  "onnxruntime-node": ort("onnxruntime-node"),
  "onnxruntime-web": ort("onnxruntime-web"),
};

/** Those that a page runs as well; "octavox, Chromium" is the first of them there. */
export const inPages = ["octavox", "onnxruntime-web"];
