import { test } from "node:test";
import { givens, ProductTester, testedDots, testedTiles } from "./testing_u8s8.ts";

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const dot of testedDots)
  for (const tile of testedTiles)
    test(`${dot.word} ${tile.rows}×${tile.columns}: equals the reference for all M, N ≤ 33 and K ≤ 67`, () => {
      const tester = new ProductTester(dot, tile);
      for (const given of givens) for (const k of upTo(67)) tester.check(upTo(33), upTo(33), k, given);
    });
