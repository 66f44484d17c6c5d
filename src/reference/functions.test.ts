import assert from "node:assert/strict";
import { test } from "node:test";
import { cos, erf, exp, gelu, log, roundHalfEven, sigmoid, silu, sin, tanh } from "./functions.ts";

/** `count` float32 numbers from `from` to `to`, evenly spaced. */
function* between(from: number, to: number, count = 200_000): Generator<number> {
  for (let i = 0; i <= count; i++) yield Math.fround(from + ((to - from) * i) / count);
}

/** Positive float32 numbers over the whole range of exponents. */
function* magnitudes(): Generator<number> {
  const floats = new Float32Array(1);
  const bits = new Uint32Array(floats.buffer);
  for (let pattern = 1; pattern < 0x7f800000; pattern += 9973) {
    bits[0] = pattern;
    yield floats[0];
  }
}

function worst(points: Iterable<number>, error: (x: number) => number): number {
  let largest = 0;
  for (const x of points) largest = Math.max(largest, error(x));
  return largest;
}

/** Distance between neighbouring float32 numbers at x (normal numbers). */
const unit = (x: number): number => 2 ** (Math.floor(Math.log2(Math.abs(x))) - 23);

/** erf by its power series in double, good to 1e-13 for |x| ≤ 4; ±1 (to 2e-8) beyond. */
function exactErf(x: number): number {
  if (Math.abs(x) > 4) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const exactSigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test("exp is within 1.5 units in the last place", () => {
  const error = (x: number) => Math.abs(exp(x) - Math.exp(x)) / unit(Math.exp(x));
  const largest = worst(between(-86.97, 88.72), error);
  assert.ok(largest <= 1.5, `${largest}`);
});

const absolute: [(x: number) => number, (x: number) => number, number, number][] = [
  [tanh, Math.tanh, 12, 3.5e-7],
  [erf, exactErf, 6, 4e-7],
  [sigmoid, exactSigmoid, 30, 2e-7],
  [sin, Math.sin, 1e4, 1e-6],
  [cos, Math.cos, 1e4, 1e-6],
  [sin, Math.sin, 7, 1.5e-7],
  [cos, Math.cos, 7, 1.5e-7],
];
for (const [approximate, exact, range, allowed] of absolute)
  test(`${approximate.name} is within ${allowed} for |x| ≤ ${range}`, () => {
    const largest = worst(between(-range, range), (x) => Math.abs(approximate(x) - exact(x)));
    assert.ok(largest <= allowed, `${largest}`);
  });

test("log is within 2e-7 of its value over all positive numbers", () => {
  const error = (x: number) => Math.abs(log(x) - Math.log(x)) / Math.abs(Math.log(x) || 1);
  for (const points of [magnitudes(), between(0.5, 2)]) {
    const largest = worst(points, error);
    assert.ok(largest <= 2e-7, `${largest}`);
  }
});

test("gelu and silu are within 3e-7 times the larger of 1 and |x|", () => {
  const exactGelu = (x: number) => (x / 2) * (1 + exactErf(x / Math.SQRT2));
  const exactSilu = (x: number) => x * exactSigmoid(x);
  for (const [approximate, exact] of [[gelu, exactGelu] as const, [silu, exactSilu] as const]) {
    const error = (x: number) => Math.abs(approximate(x) - exact(x)) / Math.max(1, Math.abs(x));
    const largest = worst(between(-8, 8), error);
    assert.ok(largest <= 3e-7, `${largest}`);
  }
});

test("the ends of the real line are what they should be", () => {
  assert.deepEqual([exp(-Infinity), exp(0), exp(Infinity), exp(88.8)], [0, 1, Infinity, Infinity]);
  assert.deepEqual([log(0), log(1), log(Infinity), log(-1)], [-Infinity, 0, Infinity, Number.NaN]);
  for (const f of [tanh, erf]) assert.deepEqual([f(-Infinity), f(1e30), f(-0)], [-1, 1, -0]);
  assert.deepEqual([sigmoid(-Infinity), sigmoid(0), sigmoid(Infinity)], [0, 0.5, 1]);
  assert.deepEqual([gelu(-1000) + 0, gelu(1000), silu(1000)], [0, 1000, 1000]);
  assert.ok(Math.abs(sin(1e30)) <= 1 && Number.isNaN(sin(Infinity)));
  for (const f of [exp, log, sin, cos, tanh, erf, sigmoid, gelu, silu])
    assert.ok(Number.isNaN(f(Number.NaN)), f.name);
});

test("roundHalfEven takes ties to the even neighbour and keeps the sign of zero", () => {
  const given = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, -0.2, 8388609, Infinity, -Infinity];
  const expected = [0, 2, 2, -0, -2, -2, 0, -0, 8388609, Infinity, -Infinity];
  assert.deepEqual(given.map(roundHalfEven), expected);
});
