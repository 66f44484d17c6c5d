// The kernels that nearly every model needs: products, and what works along rows or on elements.

import { addCopy } from "../copy.ts";
import { addElementwise } from "../elementwise.ts";
import type { KernelFamily } from "../load.ts";
import { addMatmulF32 } from "../matmul_f32.ts";
import { addMatmulU8S8 } from "../matmul_u8s8.ts";
import { addQuantize } from "../quantize.ts";
import { addRows } from "../rows.ts";

export const core: KernelFamily = (module, how) => {
  addMatmulU8S8(module, how);
  addQuantize(module);
  addMatmulF32(module, how.tile.columns);
  addRows(module);
  addElementwise(module);
  addCopy(module);
};
