// The tests of sliding windows and of results in bytes once more with neighbouring vectors fused, as "wide" kernels are
// compiled.

import { setFlagsFromString } from "node:v8";

for (const flag of ["--experimental-wasm-revectorize", "--no-liftoff"]) setFlagsFromString(flag);

for (const name of ["requantized", "windows"]) await import(`./${name}.test.ts`);
