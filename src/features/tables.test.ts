import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeaturePreset } from "./preset.ts";
import { presets } from "./presets.ts";
import { melFilters, tablesOf, windowValues } from "./tables.ts";

const base: FeaturePreset = presets["tf-mfcc"];

function assertNear(found: ArrayLike<number>, expected: readonly number[], error = 1e-15): void {
  assert.equal(found.length, expected.length);
  expected.forEach((value, i) => {
    assert.ok(Math.abs(found[i] - value) <= error, `${i}: ${found[i]}, expected ${value}`);
  });
}

test("periodic windows divide by their length, symmetric ones by one less", () => {
  assertNear(windowValues({ kind: "hann", length: 4, periodic: true }), [0, 0.5, 1, 0.5]);
  assertNear(windowValues({ kind: "hann", length: 5, periodic: false }), [0, 0.5, 1, 0.5, 0]);
  assertNear(windowValues({ kind: "hamming", length: 4, periodic: true }), [0.08, 0.54, 1, 0.54]);
  assertNear(windowValues({ kind: "povey", length: 5, periodic: false }), [
    0,
    0.5 ** 0.85,
    1,
    0.5 ** 0.85,
    0,
  ]);
  assertNear(windowValues({ kind: "rectangular", length: 3, periodic: false }), [1, 1, 1]);
});

test("the scale of the samples is part of the window's values", () => {
  const plain = tablesOf(base).window;
  assertNear(
    tablesOf({ ...base, scale: 32768 }).window,
    [...plain].map((value) => value * 32768),
    0,
  );
});

test("an orthonormal DCT of all coefficients has rows of length 1 at right angles", () => {
  const rows = tablesOf({ ...base, dct: { count: 40, norm: "orthonormal" } }).dct!;
  rows.forEach((a, i) => {
    rows.forEach((b, j) => {
      const product = a.weights.reduce((sum, value, k) => sum + value * b.weights[k], 0);
      assert.ok(Math.abs(product - Number(i === j)) < 1e-6, `${i}, ${j}`);
    });
  });
});

test("neighbouring triangles over mel add up to 1 between the first and the last peak", () => {
  const sums = new Float64Array(513);
  const filters = melFilters(base);
  for (const { start, weights } of filters)
    for (const [i, weight] of weights.entries()) sums[start + i] += weight;
  const first = filters[1].start;
  const last = filters[38].start + filters[38].weights.length;
  for (let bin = first; bin < last; bin++) assert.ok(Math.abs(sums[bin] - 1) < 1e-6, `bin ${bin}`);
});

test("a triangle of Slaney's norm has an area of 1 over hertz", () => {
  const fft = 16_384;
  const filters = melFilters({ ...presets["whisper-logmel"], fft });
  for (const { weights } of filters) {
    const area = weights.reduce((sum, weight) => sum + weight, 0) * (16_000 / fft);
    assert.ok(Math.abs(area - 1) < 2e-3, `${area}`);
  }
});

test("a band narrower than a bin has no weights, and gives the logarithm of the floor", () => {
  const filters = melFilters({ ...base, mel: { ...base.mel, bands: 200 } });
  assert.equal(filters.length, 200);
  assert.ok(filters.some(({ weights }) => weights.length === 0));
});
