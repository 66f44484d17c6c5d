// The kernels of weights of 4 bits in blocks.

import { dots } from "../dot_u8s8.ts";
import { addGatherBlocks } from "../gather_blocks.ts";
import type { KernelFamily } from "../load.ts";
import { addMatmulU8S4 } from "../matmul_u8s4.ts";
import { storeColumnsOf } from "../matmul_u8s8.ts";

export const blocks: KernelFamily = (module, { dot, tile }) => {
  addMatmulU8S4(module, dots[dot], tile, storeColumnsOf(module));
  addGatherBlocks(module);
};
