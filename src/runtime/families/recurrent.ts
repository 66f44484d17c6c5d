// The operators and kernels of recurrent layers.

import { recurrent as kernels } from "../../kernels/families/recurrent.ts";
import type { Family } from "../families.ts";
import { recurrent as binders } from "../steps/recurrent.ts";
import { recurrentTrials } from "../trials/recurrent.ts";

export const recurrent: Family = { kernels, binders, trials: Object.entries(recurrentTrials) };
