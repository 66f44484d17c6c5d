// V8's revectorizer fuses the kernels' neighbouring vectors into wider ones. It is experimental: this test,
// in a process of its own, makes it compile every kernel at once and compares the results.

import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { givens, ProductTester, testedDots } from "./testing_u8s8.ts";

for (const flag of ["--experimental-wasm-revectorize", "--no-liftoff", "--no-wasm-lazy-compilation"])
  setFlagsFromString(flag);

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const dot of testedDots)
  for (const tile of [
    { rows: 6, columns: 16 },
    { rows: 6, columns: 8 },
  ])
    test(`${dot.word} ${tile.rows}×${tile.columns}, revectorized: equals the reference`, () => {
      const tester = new ProductTester(dot, tile);
      for (const given of givens)
        for (const k of [3, 16, 37]) tester.check(upTo(13), [1, 8, 15, 16, 24, 33, 40, 64], k, given);
    });
