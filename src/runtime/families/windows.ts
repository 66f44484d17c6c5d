// The operators and kernels of convolutions, pools and padding.

import { windows as kernels } from "../../kernels/families/windows.ts";
import type { Family } from "../families.ts";
import { windows as binders } from "../steps/windows.ts";
import { windowTrials } from "../trials/windows.ts";

export const windows: Family = { kernels, binders, trials: Object.entries(windowTrials) };
