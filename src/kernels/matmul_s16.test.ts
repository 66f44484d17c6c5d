import assert from "node:assert/strict";
import { test } from "node:test";
import { ModuleBuilder } from "../wasm/index.ts";
import { exactRun } from "./layout.ts";
import { addMatmulS16 } from "./matmul_s16.ts";
import { addStoreColumns } from "./matmul_u8s8.ts";
import { givens16, ShortsTester } from "./testing_s16.ts";

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const tile of [
  { rows: 6, columns: 8 },
  { rows: 6, columns: 16 },
  { rows: 4, columns: 8 },
])
  test(`${tile.rows}×${tile.columns}, 16-bit activations: equals the reference, bit for bit, and writes only C`, () => {
    const tester = new ShortsTester(tile);
    for (const given of givens16) {
      for (const k of [1, 8, 19]) tester.check(upTo(17), upTo(17), k, given);
      for (const k of upTo(40)) tester.check([1, 7], [9, 33], k, given);
      // Many short runs give what one long run does.
      tester.check([1, 7], [33], 45, given, 8);
    }
  });

test("at the limit of 32 bits, and far beyond it, sums are exact", () => {
  const tester = new ShortsTester({ rows: 6, columns: 8 });
  for (const given of givens16) for (const k of [510, 512, 514, 1500]) tester.check([1, 6], [9], k, given);
  tester.check([1, 6], [9], 6000, givens16[1]);
});

test("a run is as long as the weights allow, and never overflows", () => {
  const filled = (value: number, k: number) => new Int8Array(k * 3).fill(value);
  assert.equal(exactRun(filled(1, 4096), 4096, 3), 4096);
  // 2^31 = 2^15 · 128 · 512
  assert.equal(exactRun(filled(-128, 510), 510, 3), 510);
  assert.equal(exactRun(filled(-128, 512), 512, 3), 256);
  assert.equal(exactRun(filled(-127, 516), 516, 3), 516);
  assert.equal(exactRun(new Int16Array(600).fill(255), 600, 1), 150);
  assert.equal(exactRun(new Int8Array(5), 5, 1), 6);
});

test("a kernel of 16-bit activations says in its name what it multiplies, its tile and its finish", () => {
  const module = new ModuleBuilder();
  addMatmulS16(module, { rows: 6, columns: 8 }, addStoreColumns(module));
  const names = module.functions.map(({ name }) => name);
  assert.ok(names.includes("matmul_s16s8_6x8_plain_f32"));
  assert.ok(names.includes("matmul_s16s16_1x16_plain_s16"));
});
