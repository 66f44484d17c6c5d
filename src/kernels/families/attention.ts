// The kernels of attention.

import { addAttention } from "../attention.ts";
import { addAttentionI16 } from "../attention_i16.ts";
import type { KernelFamily } from "../load.ts";
import { addRotary } from "../rotary.ts";
import { rowFunctionsOf } from "../rows.ts";

export const attention: KernelFamily = (module) => {
  const rows = rowFunctionsOf(module);
  addAttention(module, rows);
  addAttentionI16(module, rows);
  addRotary(module);
};
