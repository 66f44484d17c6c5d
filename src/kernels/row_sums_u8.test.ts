import assert from "node:assert/strict";
import { test } from "node:test";
import { rowSumsU8 } from "../reference/matmul.ts";
import { addRowSumsU8 } from "./row_sums_u8.ts";
import { Arena, createRandom, instantiate } from "./testing.ts";

test("row_sums_u8 equals the reference for every length, and reads nothing past a row into a sum", () => {
  const arena = new Arena();
  const kernels = instantiate(arena, addRowSumsU8);
  const random = createRandom(5);
  for (let k = 1; k < 70; k++) {
    arena.reset();
    const m = (k % 5) + 1;
    const a = Uint8Array.from({ length: m * k }, () => random() * 256);
    const sums = arena.reserve(m * 4);
    kernels.row_sums_u8(arena.put(a), k, m, k, sums);
    assert.deepEqual(new Int32Array(arena.memory.buffer, sums, m), rowSumsU8(a, m, k));
    arena.assertGuarded(sums, m * 4, `k = ${k}`);
  }
});
