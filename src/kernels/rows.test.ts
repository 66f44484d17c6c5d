import assert from "node:assert/strict";
import { test } from "node:test";
import { groupNorm, layerNorm, softmax } from "../reference/rows.ts";
import { addRows } from "./rows.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addRows);
const random = createRandom(2);
const shapes = [1, 2, 3, 4, 5, 7, 8, 36, 41, 288].flatMap((n) => [1, 2, 5].map((rows) => ({ rows, n })));

test("softmax_f32 has the bits of the reference", () => {
  for (const { rows, n } of shapes)
    for (const range of [1, 60]) {
      arena.reset();
      const x = randomFloats(random, rows * n, range);
      const [from, to] = [arena.put(x), arena.reserve(x.byteLength)];
      kernels.softmax_f32(from, to, rows, n);
      assertSameBits(arena.floats(to, x.length), softmax(x, n), `${rows}×${n}`);
      arena.assertGuarded(to, x.byteLength, `${rows}×${n}`);
    }
});

test("softmax_f32 gives 0 to −∞ and NaN to a row with NaN", () => {
  arena.reset();
  const x = Float32Array.of(-Infinity, 1, 2, -0, 0, NaN, 3, 3, 3, -Infinity, -Infinity, -Infinity);
  const [from, to] = [arena.put(x), arena.reserve(x.byteLength)];
  kernels.softmax_f32(from, to, 4, 3);
  const y = arena.floats(to, x.length);
  assertSameBits(y, softmax(x, 3), "special values");
  assert.equal(y[0], 0);
  assert.ok(Number.isNaN(y[3]) && Number.isNaN(y[9]));
});

for (const [name, reference] of [
  ["layer_norm_f32", layerNorm] as const,
  ["group_norm_f32", groupNorm] as const,
])
  test(`${name} has the bits of the reference, with and without weight and bias`, () => {
    for (const { rows, n } of shapes)
      for (const given of [0, 1, 2, 3]) {
        arena.reset();
        const x = randomFloats(random, rows * n, 5).map((value) => value + 1);
        const weight = given & 1 ? randomFloats(random, n) : undefined;
        const bias = given & 2 ? randomFloats(random, n) : undefined;
        const [from, to] = [arena.put(x), arena.reserve(x.byteLength)];
        const [w, b] = [weight ? arena.put(weight) : 0, bias ? arena.put(bias) : 0];
        kernels[name](from, to, rows, n, 1e-5, w, b);
        const what = `${rows}×${n}, given ${given}`;
        assertSameBits(arena.floats(to, x.length), reference(x, n, 1e-5, weight, bias), what);
        arena.assertGuarded(to, x.byteLength, what);
      }
  });
