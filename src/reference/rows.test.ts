import assert from "node:assert/strict";
import { test } from "node:test";
import { groupNorm, layerNorm, softmax, sumInFours } from "./rows.ts";

const rows = Float32Array.of(1, 2, 3, 4, -5, 0.5, 0, 9, 100, 101);

function assertClose(found: Float32Array, expected: number[], allowed: number): void {
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - expected[i]) <= allowed, `${i}: ${value}, expected ${expected[i]}`);
}

/** Normalised in double. */
function normalise(x: number[], epsilon: number): number[] {
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  return x.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
}

test("sumInFours adds in four partial sums: small values are not lost beside a large one elsewhere", () => {
  // In plain order every 1 would vanish beside 2²⁴; here those of the other three sums survive.
  const values = [2 ** 24, 1, 1, 1, 1, 1, 1, 1];
  assert.equal(
    sumInFours(8, (i) => values[i]),
    2 ** 24 + 6,
  );
});

test("softmax is e^x over its sum, row by row", () => {
  const expected = [0, 5].flatMap((start) => {
    const row = [...rows.subarray(start, start + 5)];
    const powers = row.map((x) => Math.exp(x - Math.max(...row)));
    return powers.map((power) => power / powers.reduce((a, b) => a + b));
  });
  assertClose(softmax(rows, 5), expected, 1e-7);
});

test("softmax holds for numbers whose e^x overflows", () => {
  assertClose(softmax(Float32Array.of(1e30, 1e30, -1e30), 3), [0.5, 0.5, 0], 0);
});

test("layerNorm normalises each row, groupNorm all rows together", () => {
  const [weight, bias] = [Float32Array.of(1, 2, 3, 4, 5), Float32Array.of(0, 1, 0, -1, 0)];
  const scaled = (values: number[]) => values.map((value, i) => value * weight[i % 5] + bias[i % 5]);
  const each = [0, 5].flatMap((start) => normalise([...rows.subarray(start, start + 5)], 1e-5));
  assertClose(layerNorm(rows, 5, 1e-5), each, 1e-6);
  assertClose(layerNorm(rows, 5, 1e-5, weight, bias), scaled(each), 5e-6);
  const together = normalise([...rows], 1e-5);
  assertClose(groupNorm(rows, 5, 1e-5), together, 1e-6);
  assertClose(groupNorm(rows, 5, 1e-5, weight, bias), scaled(together), 5e-6);
});
