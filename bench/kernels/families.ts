// The families of kernels that are measured.

import type { Family } from "./family.ts";
import { productFamilies } from "./product-families.ts";
import { recurrentFamilies } from "./recurrent-families.ts";
import { rowFamilies } from "./row-families.ts";
import { windowFamilies } from "./window-families.ts";

export const families: Readonly<Record<string, Family>> = {
  ...productFamilies,
  ...windowFamilies,
  ...rowFamilies,
  ...recurrentFamilies,
};
