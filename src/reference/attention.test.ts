import assert from "node:assert/strict";
import { test } from "node:test";
import { attention } from "./attention.ts";
import { rotary } from "./rotary.ts";

const sizes = { tq: 2, tk: 3, heads: 2, qkWidth: 1, vWidth: 2, scale: 1, causal: -1 };
const v = Float32Array.of(1, 2, 10, 20, 3, 4, 30, 40, 5, 6, 50, 60);

test("equal scores give each head the mean of its values", () => {
  const y = attention(new Float32Array(4), new Float32Array(6), v, sizes);
  assert.deepEqual([...y], [3, 4, 30, 40, 3, 4, 30, 40]);
});

test("a score that outweighs the others picks its value", () => {
  // Head 0 of both queries likes key 1, head 1 key 2; the factor makes the difference large.
  const k = Float32Array.of(0, 0, 1, 0, 0, 1);
  const y = attention(Float32Array.of(1, 1, 1, 1), k, v, { ...sizes, scale: 100 });
  assert.deepEqual([...y], [3, 4, 50, 60, 3, 4, 50, 60]);
});

test("a causal mask shows a query the keys up to its own position", () => {
  const y = attention(new Float32Array(4), new Float32Array(6), v, { ...sizes, causal: 0 });
  assert.deepEqual([...y], [1, 2, 10, 20, 2, 3, 20, 30]);
});

test("rotary turns each pair by its angle and copies the rest", () => {
  const x = Float32Array.of(1, 2, 3, 4, 5);
  const [cos, sin] = [Float32Array.of(0, 1), Float32Array.of(1, 0)];
  const turn = (interleaved: boolean) => [
    ...rotary(x, cos, sin, { t: 1, heads: 1, width: 5, rotary: 4, interleaved }),
  ];
  assert.deepEqual(turn(true), [-2, 1, 3, 4, 5]);
  assert.deepEqual(turn(false), [-3, 2, 1, 4, 5]);
});
