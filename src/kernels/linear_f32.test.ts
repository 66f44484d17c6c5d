import assert from "node:assert/strict";
import { test } from "node:test";
import { matmulF32 } from "../reference/matmul.ts";
import { packFloats, unpackFloats } from "./layout.ts";
import { addMatmulF32 } from "./matmul_f32.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const variants = [8, 16].map((columns) => instantiate(arena, (module) => addMatmulF32(module, columns)));
const random = createRandom(4);

function check(m: number, n: number, k: number, gap: number, withBias: boolean): void {
  for (const { linear_f32 } of variants) {
    arena.reset();
    const [a, b] = [randomFloats(random, m * k), randomFloats(random, k * n)];
    const bias = withBias ? randomFloats(random, n) : undefined;
    const rows = new Float32Array(m * (k + gap)).fill(1000);
    for (let row = 0; row < m; row++) rows.set(a.subarray(row * k, (row + 1) * k), row * (k + gap));
    const [atA, atB] = [arena.put(rows), arena.put(packFloats(b, k, n))];
    const [atC, atBias] = [arena.put(new Float32Array(m * n)), bias ? arena.put(bias) : 0];
    linear_f32(atA, 4 * (k + gap), atB, atC, 4 * n, m, n, k, atBias);
    const what = `${m}×${n}×${k}, gap ${gap}`;
    assertSameBits(arena.floats(atC, m * n), matmulF32(a, b, [m, n, k], bias), what);
    arena.assertGuarded(atC, 4 * m * n, what);
  }
}

test("linear_f32 has the bits of the reference for every size around its tiles", () => {
  for (const m of [1, 2, 3, 4, 5, 6, 7, 13])
    for (const n of [1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 41, 63, 64, 65, 97])
      for (const k of [1, 2, 3, 4, 9]) check(m, n, k, 0, (m + n + k) % 2 === 0);
});

test("linear_f32 takes rows that lie apart, and long sums", () => {
  for (const m of [1, 4, 8]) for (const n of [3, 8, 37]) check(m, n, 17, 3, true);
  check(5, 19, 1000, 0, true);
});

test("a float matrix comes back out of its panels", () => {
  for (const [k, n] of [
    [1, 1],
    [3, 8],
    [5, 17],
  ]) {
    const b = randomFloats(random, k * n);
    assert.deepEqual(unpackFloats(packFloats(b, k, n), k, n), b);
  }
});
