import assert from "node:assert/strict";
import { test } from "node:test";
import { matmulF32 } from "./matmul.ts";

const [a, b] = [Float32Array.of(1, 2, 3, 4, 5, 6), Float32Array.of(1, 0, 2, 0, 1, -1)];

test("matmulF32 is the matrix product, with a bias for each column", () => {
  assert.deepEqual([...matmulF32(a, b, [3, 3, 2])], [1, 2, 0, 3, 4, 2, 5, 6, 4]);
  const bias = Float32Array.of(10, 20, 30);
  assert.deepEqual([...matmulF32(a, b, [3, 3, 2], bias)], [11, 22, 30, 13, 24, 32, 15, 26, 34]);
});

test("matmulF32 rounds after every product and every sum, in the order of k", () => {
  // 2²⁴ + 1 is lost each time; added in another order the two ones would count.
  const row = Float32Array.of(2 ** 24, 1, 1);
  assert.deepEqual([...matmulF32(row, Float32Array.of(1, 1, 1), [1, 1, 3])], [2 ** 24]);
});
