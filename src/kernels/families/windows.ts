// The kernels of convolutions and pools.

import { addDepthwiseF32 } from "../depthwise_f32.ts";
import type { KernelFamily } from "../load.ts";
import { addWindows } from "../windows.ts";

export const windows: KernelFamily = (module) => {
  addWindows(module);
  addDepthwiseF32(module);
};
