// The operators and kernels that every session has.

import { core as kernels } from "../../kernels/families/core.ts";
import type { Family } from "../families.ts";
import { elementwise } from "../steps/elementwise.ts";
import { movement } from "../steps/movement.ts";
import { products } from "../steps/products.ts";
import { rows } from "../steps/rows.ts";
import { values } from "../steps/values.ts";
import { products as productTrials } from "../trials/products.ts";
import { rows as rowTrials } from "../trials/rows.ts";
import { values as valueTrials } from "../trials/values.ts";

export const core: Family = {
  kernels,
  binders: { ...products, ...rows, ...elementwise, ...movement, ...values },
  trials: [...productTrials, ...Object.entries({ ...valueTrials, ...rowTrials })],
};
