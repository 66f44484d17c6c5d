// The operators and kernels of activations of 16 bits.

import { shorts as kernels } from "../../kernels/families/shorts.ts";
import type { Family } from "../families.ts";
import { int16 as binders } from "../steps/int16.ts";
import { shorts as trials } from "../trials/shorts.ts";

export const shorts: Family = { kernels, binders, trials };
