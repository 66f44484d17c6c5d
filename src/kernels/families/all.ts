// Every family of kernels, for tests and measurements: sessions load those that their model needs.

import type { KernelFamily } from "../load.ts";
import { attention } from "./attention.ts";
import { blocks } from "./blocks.ts";
import { core } from "./core.ts";
import { recurrent } from "./recurrent.ts";
import { requantized } from "./requantized.ts";
import { shortValues } from "./short-values.ts";
import { shorts } from "./shorts.ts";
import { windows } from "./windows.ts";

export const allFamilies: readonly KernelFamily[] = [
  core,
  attention,
  windows,
  requantized,
  recurrent,
  blocks,
  shorts,
  shortValues,
];
