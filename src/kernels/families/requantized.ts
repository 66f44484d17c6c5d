// The kernels of models whose values stay in 8 bits between the layers.

import { addAddU8 } from "../add_u8.ts";
import { addDepthwiseLinesU8S8 } from "../depthwise_lines_u8s8.ts";
import { addDepthwiseU8S8 } from "../depthwise_u8s8.ts";
import { dots } from "../dot_u8s8.ts";
import type { KernelFamily } from "../load.ts";
import { addMatmulU8S8U8 } from "../matmul_u8s8.ts";

export const requantized: KernelFamily = (module, how) => {
  addMatmulU8S8U8(module, how);
  addAddU8(module);
  addDepthwiseU8S8(module, dots[how.dot]);
  addDepthwiseLinesU8S8(module, dots[how.dot]);
};
