// Step 8: twice as wide registers. WebAssembly's vectors have 128 bits; V8's revectorizer, where it is switched on,
// fuses neighbouring ones into 256. The kernel is that of step 7 with 16 columns instead of 8.

import { enableWide } from "../../src/host/index.ts";
import { relaxedProduct } from "./07-relaxed-dot.ts";
import type { Step } from "./step.ts";

export const wide: Step = {
  title: "wide",
  why: "neighbouring vectors fused into registers of 256 bits, 6×16 sums",
  make(operands) {
    enableWide();
    return relaxedProduct(operands, 2);
  },
};
