// Every shape rule.

import { commonRules } from "./common.ts";
import { rarities } from "./rare.ts";
import { recurrence } from "./recurrent.ts";
import { reductions } from "./reduce.ts";
import { signals } from "./signals.ts";
import type { Rules } from "./site.ts";
import { windows } from "./windows.ts";

export const allRules: Rules = {
  ...commonRules,
  ...windows,
  ...rarities,
  ...reductions,
  ...recurrence,
  ...signals,
};
