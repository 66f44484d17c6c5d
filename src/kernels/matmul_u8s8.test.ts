import assert from "node:assert/strict";
import { test } from "node:test";
import { detectFeatures, ModuleBuilder } from "../wasm/index.ts";
import { addMatmulU8S8 } from "./matmul_u8s8.ts";
import { givens, ProductTester, testedDots, testedTiles } from "./testing_u8s8.ts";

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const dot of testedDots) {
  for (const tile of testedTiles) {
    test(`${dot.word} ${tile.rows}×${tile.columns}: equals the reference, bit for bit, and writes only C`, () => {
      const tester = new ProductTester(dot, tile);
      for (const given of givens) {
        for (const k of [1, 4, 19]) tester.check(upTo(33), upTo(33), k, given);
        for (const k of upTo(67)) tester.check([1, 5, 13], [7, 24, 33], k, given);
      }
    });
  }

  test(`${dot.word}: large shapes equal the reference`, () => {
    const tester = new ProductTester(dot, testedTiles[0]);
    tester.check([1, 61], [200], 515, givens[0]);
    tester.check([2], [1001], 96, givens[1]);
  });
}

test("the host's relaxed dot is tested where it is exact", (t) => {
  const { relaxedDot } = detectFeatures();
  if (testedDots.length === 2) t.skip(`relaxed dot: ${relaxedDot}`);
});

test("a kernel's name says its tile, its dot and its finish", () => {
  const module = new ModuleBuilder();
  addMatmulU8S8(module, { dot: "u8s8", tile: { rows: 6, columns: 8 } });
  const names = module.functions.map(({ name }) => name);
  assert.ok(names.includes("matmul_u8s8_6x8_relaxed_f32"));
  assert.ok(names.includes("matmul_u8s8_1x48_relaxed_i32"));
  const exported = module.functions.filter((f) => f.exported).map(({ name }) => name);
  assert.deepEqual(exported, ["matmul_u8s8_i32", "matmul_u8s8_f32", "row_sums_u8"]);
});
