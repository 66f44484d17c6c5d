// The operators and kernels of values that stay in 8 bits between layers.

import { requantized as kernels } from "../../kernels/families/requantized.ts";
import type { Family } from "../families.ts";
import { requantized as binders } from "../steps/requantized.ts";
import { requantizedTrials as trials } from "../trials/requantized.ts";

export const requantized: Family = { kernels, binders, trials };
