import { test } from "node:test";
import { givens, ProductTester, testedDots, testedTiles } from "./testing_u8s8.ts";

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

/** Shapes of speech models: one row, and an encoder's layers. */
const large = [
  [1, 1152, 576],
  [97, 480, 512],
] as const;

for (const dot of testedDots)
  for (const tile of testedTiles)
    test(`${dot.word} ${tile.rows}×${tile.columns}: equals the reference for all M, N ≤ 33 and K ≤ 67, and large shapes`, () => {
      const tester = new ProductTester(dot, tile);
      for (const given of givens) {
        for (const k of upTo(67)) tester.check(upTo(33), upTo(33), k, given);
        for (const [m, n, k] of large) tester.check([m], [n], k, given);
      }
    });
