import assert from "node:assert/strict";
import { test } from "node:test";
import { ModuleBuilder } from "../wasm/index.ts";
import { dots } from "./dot_u8s8.ts";
import { BLOCK_RECORD, NIBBLE_GAIN, packBlocks, packNibbles, unpackNibbles } from "./layout.ts";
import { addMatmulU8S4 } from "./matmul_u8s4.ts";
import { addStoreColumns } from "./matmul_u8s8.ts";
import { BlockTester, blockGivens } from "./testing_u8s4.ts";
import { testedDots, testedTiles } from "./testing_u8s8.ts";

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

for (const dot of testedDots) {
  for (const tile of testedTiles) {
    test(`${dot.word} ${tile.rows}×${tile.columns}, 4-bit weights: equals the reference, bit for bit`, () => {
      const tester = new BlockTester(dot, tile);
      for (const given of blockGivens) {
        for (const k of [31, 65]) tester.check(upTo(17), upTo(17), k, 32, given);
        for (const block of [8, 32, 64, 128])
          for (const k of [1, 7, 8, block - 1, block, block + 1, 2 * block, 2 * block + 9])
            tester.check([1, 5, 13], [7, 33], k, block, given);
      }
    });
  }

  test(`${dot.word}, 4-bit weights: large shapes, and the longest block, equal the reference`, () => {
    const tester = new BlockTester(dot, testedTiles[0]);
    tester.check([1, 7], [200], 515, 64, blockGivens[0]);
    for (const given of blockGivens) tester.check([1, 3], [9, 35], 4096, 4096, given);
  });
}

test("a row of an embedding table of 4-bit weights is its column times the scales of its blocks", () => {
  const tester = new BlockTester(dots.plain, testedTiles[0]);
  for (const k of [1, 3, 4, 6, 8, 31, 32, 33, 64, 70]) tester.checkGather(k, 19, 32);
  tester.checkGather(288, 17, 64);
});

test("4-bit panels: what is packed comes back, and what only fills a panel is zero", () => {
  const [k, n] = [21, 11];
  const b = Int8Array.from({ length: k * n }, (_, i) => ((i * 7) % 16) - 8);
  const packed = packNibbles(b, k, n);
  assert.equal(packed.length, (16 * 24) / 2);
  assert.deepEqual(unpackNibbles(packed, k, n), b);
  const sum = (values: Int8Array) => values.reduce((total, x) => total + Math.abs(x), 0);
  assert.equal(sum(unpackNibbles(packed, 24, 16)), sum(b));
});

test("a block's record holds the scales and the sums of its columns", () => {
  const [k, n, block] = [40, 9, 32];
  const b = Int8Array.from({ length: k * n }, (_, i) => ((i * 5) % 16) - 8);
  const scales = Float32Array.from({ length: 2 * n }, (_, i) => 1 + i);
  const records = packBlocks(packNibbles(b, k, n), scales, [k, n, block]);
  assert.equal(records.length, 2 * 2 * BLOCK_RECORD);
  // Column 8 is the first of the second panel; its second block has rows 32…39.
  const at = 3 * BLOCK_RECORD;
  assert.equal(new Float32Array(records.buffer)[at / 4], scales[n + 8] / NIBBLE_GAIN);
  const column = b.filter((_, i) => i % n === 8 && i >= block * n);
  assert.equal(
    new Int16Array(records.buffer)[at / 2 + 16],
    column.reduce((total, x) => total + x, 0),
  );
});

test("the name of a 4-bit kernel says its tile and its dot", () => {
  const module = new ModuleBuilder();
  addMatmulU8S4(module, dots.u8s8, { rows: 6, columns: 8 }, addStoreColumns(module));
  const names = module.functions.map(({ name }) => name);
  assert.ok(names.includes("matmul_u8s4_6x8_relaxed_f32"));
  assert.ok(names.includes("matmul_u8s4_1x32_relaxed_f32"));
});
