// The kernels of activations in 16 bits.

import type { KernelFamily } from "../load.ts";
import { addMatmulS16 } from "../matmul_s16.ts";
import { storeColumnsOf } from "../matmul_u8s8.ts";

export const shorts: KernelFamily = (module, { tile }) => {
  addMatmulS16(module, tile, storeColumnsOf(module));
};
