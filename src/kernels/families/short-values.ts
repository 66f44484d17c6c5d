// The kernels between floats and 16 bits.

import type { KernelFamily } from "../load.ts";
import { addQuantizeS16 } from "../quantize_s16.ts";

export const shortValues: KernelFamily = (module) => addQuantizeS16(module);
