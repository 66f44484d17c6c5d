// The products with 4-bit weights with fused vectors; see `matmul_u8s8.wide.test.ts`.

import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { BlockTester, blockGivens } from "./testing_u8s4.ts";
import { testedDots } from "./testing_u8s8.ts";

for (const flag of ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation"])
  setFlagsFromString(flag);

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const dot of testedDots)
  for (const tile of [
    { rows: 6, columns: 16 },
    { rows: 6, columns: 8 },
  ])
    test(`${dot.word} ${tile.rows}×${tile.columns}, 4-bit weights, revectorized: equals the reference`, () => {
      const tester = new BlockTester(dot, tile);
      for (const given of blockGivens)
        for (const k of [3, 32, 69]) tester.check(upTo(13), [1, 8, 15, 16, 24, 33, 40, 64], k, 32, given);
    });
