import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dequantize,
  dynamicQuantize,
  dynamicQuantizeS16,
  quantizationResidual,
  quantizeS16,
} from "../reference/quantize.ts";
import { packPanels } from "./layout.ts";
import { addQuantize } from "./quantize.ts";
import { addQuantizeS16 } from "./quantize_s16.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, (module) => {
  addQuantize(module);
  addQuantizeS16(module);
});
const random = createRandom(4);
const lengths = [1, 2, 3, 4, 5, 15, 16, 17, 31, 33, 64, 1000];

function checkDynamic(x: Float32Array, what: string, bits = 8): void {
  arena.reset();
  const [from, to] = [arena.put(x), arena.reserve(x.length)];
  const [scale, zero] = [arena.reserve(4), arena.reserve(1)];
  kernels.dynamic_quantize_u8(from, x.length, to, scale, zero, 2 ** bits - 1);
  const expected = dynamicQuantize(x, bits);
  assert.equal(arena.floats(scale, 1)[0], expected.scale, `${what}: scale`);
  assert.equal(arena.bytes(zero, 1)[0], expected.zero, `${what}: zero point`);
  assert.deepEqual(arena.bytes(to, x.length), expected.y, what);
  for (const [at, bytes] of [[to, x.length] as const, [scale, 4] as const, [zero, 1] as const])
    arena.assertGuarded(at, bytes, what);
}

test("dynamic_quantize_u8 has the bytes, scale and zero point of the reference", () => {
  for (const n of lengths)
    for (const range of [1e-39, 1, 300, 3e38])
      for (const shift of [-1.5, -1, 0, 0.3, 1, 2])
        for (const bits of [2, 5, 8])
          checkDynamic(
            randomFloats(random, n, range).map((value) => value + shift * range),
            `${n} values of ±${range}, shifted by ${shift}, on ${bits} bits`,
            bits,
          );
});

test("dynamic_quantize_u8 takes ties to the even neighbour", () => {
  const x = Float32Array.from({ length: 511 }, (_, i) => i / 2);
  assert.equal(dynamicQuantize(x).scale, 1);
  checkDynamic(x, "halves from 0 to 255");
});

test("dynamic_quantize_u8 gives zeros scale 1 and zero point 0, and passes over what is not a number", () => {
  checkDynamic(new Float32Array(21), "zeros");
  checkDynamic(Float32Array.of(-0, -0), "negative zeros");
  checkDynamic(Float32Array.of(1e-45, 0), "smallest number");
  checkDynamic(Float32Array.of(NaN, 1, -2, NaN, 3), "with NaN");
  checkDynamic(Float32Array.of(NaN, NaN), "only NaN");
  for (const infinity of [Infinity, -Infinity]) checkDynamic(Float32Array.of(1, infinity, -3), `${infinity}`);
  assert.deepEqual(dynamicQuantize(new Float32Array(1)), { y: new Uint8Array(1), scale: 1, zero: 0 });
});

for (const [name, Bytes] of [["dequantize_u8", Uint8Array] as const, ["dequantize_s8", Int8Array] as const])
  test(`${name} has the bits of the reference`, () => {
    for (const n of lengths) {
      arena.reset();
      const x = new Bytes(n).map(() => Math.floor(256 * random()) - (Bytes === Int8Array ? 128 : 0));
      const [from, to] = [arena.put(x), arena.reserve(4 * n)];
      kernels[name](from, n, to, 0.1, 7);
      assertSameBits(arena.floats(to, n), dequantize(x, 0.1, 7), `${n}`);
      arena.assertGuarded(to, 4 * n, name);
    }
  });

const shorts = (at: number, n: number) => new Int16Array(arena.memory.buffer, at, n);

test("quantize_s16 and dynamic_quantize_s16 have the integers of the reference, also of what is not a number", () => {
  for (const n of lengths)
    for (const range of [0, 1e-39, 1, 3e4, 3e38]) {
      const x = randomFloats(random, n, range);
      if (n > 4) x.set([NaN, -range, range / 2], 1);
      arena.reset();
      const [from, to, scale] = [arena.put(x), arena.reserve(2 * n), arena.reserve(4)];
      kernels.quantize_s16(from, n, to, 0.5);
      assert.deepEqual(shorts(to, n), quantizeS16(x, 0.5), `${n} of ±${range}`);
      kernels.dynamic_quantize_s16(from, n, to, scale);
      const expected = dynamicQuantizeS16(x);
      assert.equal(arena.floats(scale, 1)[0], expected.scale, `scale of ${n} of ±${range}`);
      assert.deepEqual(shorts(to, n), expected.y, `${n} of ±${range}, its own scale`);
      arena.assertGuarded(to, 2 * n, "quantize_s16");
    }
});

test("dequantize_s16 has the bits of the reference", () => {
  for (const n of lengths) {
    arena.reset();
    const x = Int16Array.from({ length: n }, () => Math.floor(65536 * random()) - 32768);
    const [from, to] = [arena.put(x), arena.reserve(4 * n)];
    kernels.dequantize_s16(from, n, to, 0.1);
    assertSameBits(arena.floats(to, n), dequantize(x, 0.1, 0), `${n}`);
    arena.assertGuarded(to, 4 * n, "dequantize_s16");
  }
});

test("residual_u8 has the bits of the reference, in place too", () => {
  for (const n of lengths) {
    const x = randomFloats(random, n, 20);
    const q = new Uint8Array(n).map(() => Math.floor(256 * random()));
    const expected = quantizationResidual(x, q, 0.1, 7);
    for (const inPlace of [false, true]) {
      arena.reset();
      const from = arena.put(x);
      const to = inPlace ? from : arena.reserve(4 * n);
      kernels.residual_u8(from, n, arena.put(q), to, 0.1, 7);
      assertSameBits(arena.floats(to, n), expected, `${n}`);
      arena.assertGuarded(to, 4 * n, "residual_u8");
    }
  }
});

test("gather_panel_f32 finds every column of a panelled matrix", () => {
  for (const k of [1, 3, 4, 5, 16, 29])
    for (const n of [1, 8, 11]) {
      const b = Int8Array.from({ length: k * n }, () => Math.floor(256 * random()) - 128);
      for (let column = 0; column < n; column++) {
        arena.reset();
        const [from, to] = [arena.put(packPanels(b, k, n)), arena.reserve(4 * k)];
        kernels.gather_panel_f32(from, k, column, to, 0.03, -5);
        const row = b.filter((_, i) => i % n === column);
        assertSameBits(arena.floats(to, k), dequantize(row, 0.03, -5), `column ${column} of ${k}×${n}`);
        arena.assertGuarded(to, 4 * k, "gather_panel_f32");
      }
    }
});
