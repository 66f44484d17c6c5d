import assert from "node:assert/strict";
import { test } from "node:test";
import { cosPi, exp, ln, sinPi } from "./double.ts";

function near(found: number, expected: number, error: number): void {
  assert.ok(Math.abs(found - expected) <= error, `${found}, expected ${expected}`);
}

test("sinPi and cosPi are sine and cosine to 1e-15, and exact at quarters of a turn", () => {
  for (let x = -3; x < 3; x += 0.00137) {
    near(sinPi(x), Math.sin(Math.PI * x), 2e-15);
    near(cosPi(x), Math.cos(Math.PI * x), 2e-15);
  }
  assert.deepEqual([sinPi(0.5), sinPi(1), sinPi(-2)].map(Math.abs), [1, 0, 0]);
  assert.deepEqual([cosPi(0), cosPi(0.5), cosPi(1), cosPi(1.5)].map(Math.abs), [1, 0, 1, 0]);
});

test("ln and exp are within 1e-15 of the true value, relative to it", () => {
  for (let x = -40; x < 40; x += 0.0371) {
    const power = Math.exp(x);
    near(exp(x) / power, 1, 1e-14);
    near(ln(power), x, 1e-15 * Math.max(1, Math.abs(x)));
  }
  for (let x = 0.5; x < 2; x += 0.0013) near(ln(x) / (Math.log(x) || 1), x === 1 ? 0 : 1, 1e-14);
  assert.equal(ln(1), 0);
  assert.equal(exp(0), 1);
});

test("rounded to float32 they are what the engine's functions give", () => {
  for (let k = 0; k < 4096; k++) {
    near(Math.fround(cosPi(k / 2048)), Math.fround(quarter(k, 2048)), 0);
    near(Math.fround(exp(k / 500)), Math.fround(Math.exp(k / 500)), 0);
  }
});

/** cos(π·k/n), with the zeros that Math.cos misses by π's own error. */
function quarter(k: number, n: number): number {
  return k % n === n / 2 ? 0 : Math.cos((Math.PI * k) / n);
}
