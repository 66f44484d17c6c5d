// The operators between floats and integers, and the kernels of 16 bits among them.

import { shortValues as kernels } from "../../kernels/families/short-values.ts";
import type { Family } from "../families.ts";
import { valuesInBits } from "../steps/values-in-bits.ts";
import { shortValues as trials } from "../trials/short-values.ts";

export const shortValues: Family = { kernels, binders: valuesInBits, trials: Object.entries(trials) };
