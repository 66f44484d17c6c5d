// The tests of the float kernels once more, compiled as "wide" kernels are: with neighbouring vectors fused,
// and by the optimizing compiler from the first call on, which is the one that fuses.

import { setFlagsFromString } from "node:v8";

for (const flag of ["--experimental-wasm-revectorize", "--no-liftoff"]) setFlagsFromString(flag);

for (const kernel of ["attention", "copy", "elementwise", "matmul_f32", "quantize", "rotary", "rows"])
  await import(`./${kernel}.test.ts`);
