// The products with 16-bit activations with fused vectors; see `matmul_u8s8.wide.test.ts`.

import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { givens16, ShortsTester } from "./testing_s16.ts";

for (const flag of ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation"])
  setFlagsFromString(flag);

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const tile of [
  { rows: 6, columns: 16 },
  { rows: 6, columns: 8 },
])
  test(`${tile.rows}×${tile.columns}, 16-bit activations, revectorized: equals the reference`, () => {
    const tester = new ShortsTester(tile);
    for (const given of givens16)
      for (const k of [3, 16, 37]) tester.check(upTo(13), [1, 8, 15, 16, 24, 33, 40, 64], k, given);
  });
