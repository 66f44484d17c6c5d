import { test } from "node:test";
import { applyRows } from "../features/rows.ts";
import type { FrameFunctions } from "./frame_kernels.ts";
import { addFrames } from "./frames.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addFrames) as unknown as FrameFunctions;
const random = createRandom(5);
const f32 = Math.fround;
const lengths = [1, 2, 3, 4, 5, 7, 8, 33, 400];

function interleave(frames: readonly Float32Array[]): Float32Array {
  return Float32Array.from({ length: 4 * frames[0].length }, (_, i) => frames[i % 4][i >> 2]);
}

test("interleave_f32 takes four rows that lie anywhere, two of them the same, to the lanes", () => {
  for (const n of lengths) {
    arena.reset();
    const samples = randomFloats(random, 3 * n + 7);
    const at = arena.put(samples);
    const starts = [0, n + 1, n + 1, 2 * n + 3];
    const y = arena.reserve(16 * n);
    const [a, b, c, d] = starts.map((start) => at + 4 * start);
    kernels.interleave_f32(a, b, c, d, y, n);
    const rows = starts.map((start) => samples.subarray(start, start + n));
    assertSameBits(arena.floats(y, 4 * n), interleave(rows), `${n} samples`);
    arena.assertGuarded(y, 16 * n, `${n} samples`);
  }
});

/** Kernels that change frames in place, and what becomes of one frame. */
const inPlace: Record<
  string,
  { call(x: number, n: number): void; definition(x: Float32Array): Float32Array }
> = {
  centre_frames_f32: {
    call: (x, n) => kernels.centre_frames_f32(x, n),
    definition(x) {
      const mean = f32(x.reduce((sum, value) => f32(sum + value), 0) / x.length);
      return x.map((value) => value - mean);
    },
  },
  emphasise_frames_f32: {
    call: (x, n) => kernels.emphasise_frames_f32(x, n, 0.97),
    definition: (x) => x.map((value, i) => value - f32(f32(0.97) * x[Math.max(i - 1, 0)])),
  },
  window_frames_f32: {
    call: (x, n) =>
      kernels.window_frames_f32(x, arena.put(Float32Array.from({ length: n }, (_, i) => 1 / (i + 1))), n),
    definition: (x) => x.map((value, i) => value * f32(1 / (i + 1))),
  },
};

for (const [name, { call, definition }] of Object.entries(inPlace))
  test(`${name} has the bits of the definition in every lane`, () => {
    for (const n of lengths) {
      arena.reset();
      const frames = Array.from({ length: 4 }, () => randomFloats(random, n));
      const x = arena.put(interleave(frames));
      call(x, n);
      assertSameBits(arena.floats(x, 4 * n), interleave(frames.map(definition)), `${n} samples`);
      arena.assertGuarded(x, 16 * n, `${n} samples`);
    }
  });

test("run_sums_f32 has the bits of the definition, for empty runs too", () => {
  const rows = [
    { start: 2, weights: randomFloats(random, 5) },
    { start: 0, weights: new Float32Array(0) },
    { start: 0, weights: randomFloats(random, 40) },
    { start: 39, weights: randomFloats(random, 1) },
  ];
  const frames = Array.from({ length: 4 }, () => randomFloats(random, 40));
  const runs = arena.put(Int32Array.from(rows.flatMap(({ start, weights }) => [start, weights.length])));
  const weights = arena.put(Float32Array.from(rows.flatMap((row) => [...row.weights])));
  const [x, y] = [arena.put(interleave(frames)), arena.reserve(16 * rows.length)];
  kernels.run_sums_f32(x, y, runs, weights, rows.length);
  const expected = frames.map((frame) => {
    const sums = new Float32Array(rows.length);
    applyRows(rows, frame, sums);
    return sums;
  });
  assertSameBits(arena.floats(y, 4 * rows.length), interleave(expected), "sums");
  arena.assertGuarded(y, 16 * rows.length, "sums");
});
