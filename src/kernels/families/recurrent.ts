// The kernels of recurrent layers.

import type { KernelFamily } from "../load.ts";
import { addRecurrent } from "../recurrent.ts";

export const recurrent: KernelFamily = (module) => addRecurrent(module);
