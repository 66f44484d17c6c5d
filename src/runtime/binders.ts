// The table of what the kernels can run: an operator that is missing here, or a case its binder declines, is run
// by the reference.

import type { Binder } from "./step.ts";
import { attentions } from "./steps/attention.ts";
import { blocks } from "./steps/blocks.ts";
import { elementwise } from "./steps/elementwise.ts";
import { int16 } from "./steps/int16.ts";
import { movement } from "./steps/movement.ts";
import { products } from "./steps/products.ts";
import { requantized } from "./steps/requantized.ts";
import { rows } from "./steps/rows.ts";
import { values } from "./steps/values.ts";
import { windows } from "./steps/windows.ts";

export const binders: Readonly<Record<string, Binder>> = {
  ...products,
  ...attentions,
  ...blocks,
  ...int16,
  ...rows,
  ...elementwise,
  ...movement,
  ...values,
  ...windows,
  ...requantized,
};
