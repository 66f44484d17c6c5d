import { test } from "node:test";
import { matmulF32 } from "../reference/matmul.ts";
import type { KernelFunctions } from "./functions.ts";
import { addMatmulF32 } from "./matmul_f32.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const variants = [8, 16].map((columns) => instantiate(arena, (module) => addMatmulF32(module, columns)));
const random = createRandom(3);

/** Rows of `n` floats put `stride` floats apart; what lies between them is 1000. */
function spread(values: Float32Array, n: number, stride: number): Float32Array {
  const rows = values.length / n;
  const spaced = new Float32Array((rows - 1) * stride + n).fill(1000);
  for (let row = 0; row < rows; row++) spaced.set(values.subarray(row * n, (row + 1) * n), row * stride);
  return spaced;
}

function check(m: number, n: number, k: number, gap: number, withBias: boolean): void {
  for (const kernels of variants) checkOne(kernels, m, n, k, gap, withBias);
}

function checkOne(
  kernels: KernelFunctions,
  m: number,
  n: number,
  k: number,
  gap: number,
  withBias: boolean,
): void {
  arena.reset();
  const [a, b] = [randomFloats(random, m * k), randomFloats(random, k * n)];
  const bias = withBias ? randomFloats(random, n) : undefined;
  const [atA, atB] = [arena.put(spread(a, k, k + gap)), arena.put(spread(b, n, n + gap))];
  const cStride = n + gap;
  const c = spread(new Float32Array(m * n), n, cStride);
  const [atC, atBias] = [arena.put(c), bias ? arena.put(bias) : 0];
  kernels.matmul_f32(atA, 4 * (k + gap), atB, 4 * (n + gap), atC, 4 * cStride, m, n, k, atBias);
  const what = `${m}×${n}×${k}, gap ${gap}`;
  const expected = spread(matmulF32(a, b, [m, n, k], bias), n, cStride);
  assertSameBits(arena.floats(atC, c.length), expected, what);
  arena.assertGuarded(atC, c.byteLength, what);
}

test("matmul_f32 has the bits of the reference for every size around its tiles", () => {
  for (const m of [1, 2, 5, 6, 7, 13])
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 15, 31, 32, 33, 41, 65])
      for (const k of [1, 2, 9]) check(m, n, k, 0, (m + n + k) % 2 === 0);
});

test("matmul_f32 keeps to its strides", () => {
  for (const m of [1, 6, 8]) for (const n of [3, 8, 13, 37]) check(m, n, 17, 3, true);
});

test("matmul_f32 has the bits of the reference over a long sum", () => {
  check(7, 19, 1000, 0, true);
});
