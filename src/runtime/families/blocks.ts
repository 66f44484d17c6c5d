// The operators and kernels of weights of 4 bits in blocks.

import { blocks as kernels } from "../../kernels/families/blocks.ts";
import type { Family } from "../families.ts";
import { blocks as binders } from "../steps/blocks.ts";
import { blockTrials as trials } from "../trials/blocks.ts";

export const blocks: Family = { kernels, binders, trials };
