// The shape rules that nearly every model needs.

import { create } from "./create.ts";
import { elementwise } from "./elementwise.ts";
import { layers } from "./layers.ts";
import { movement } from "./movement.ts";
import { products } from "./products.ts";
import { selection } from "./select.ts";
import type { Rules } from "./site.ts";

export const commonRules: Rules = {
  ...elementwise,
  ...movement,
  ...selection,
  ...create,
  ...products,
  ...layers,
};
