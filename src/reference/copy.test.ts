import assert from "node:assert/strict";
import { test } from "node:test";
import { copyStrided } from "./copy.ts";

const x = Int32Array.of(0, 1, 2, 3, 4, 5);

const cases: [string, offset: number, dims: number[], strides: number[], expected: number[]][] = [
  ["transposes", 0, [3, 2], [1, 3], [0, 3, 1, 4, 2, 5]],
  ["slices", 1, [2, 2], [3, 1], [1, 2, 4, 5]],
  ["reverses", 5, [6], [-1], [5, 4, 3, 2, 1, 0]],
  ["expands", 2, [2, 3], [0, 1], [2, 3, 4, 2, 3, 4]],
  ["copies one element without axes", 4, [], [], [4]],
];
for (const [what, offset, dims, strides, expected] of cases)
  test(`copyStrided ${what}`, () => {
    const y = new Int32Array(expected.length);
    copyStrided(x, offset, dims, strides, y);
    assert.deepEqual([...y], expected);
  });
