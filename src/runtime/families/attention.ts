// The operators and kernels of attention.

import { attention as kernels } from "../../kernels/families/attention.ts";
import type { Family } from "../families.ts";
import { attentions as binders } from "../steps/attention.ts";
import { attentionTrials } from "../trials/attention.ts";

export const attention: Family = { kernels, binders, trials: Object.entries(attentionTrials) };
