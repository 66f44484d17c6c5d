import assert from "node:assert/strict";
import { test } from "node:test";
import { powerSpectrum, realTransform, runStage } from "../features/fft.ts";
import { addFourier } from "./fft.ts";
import type { FrameFunctions } from "./frame_kernels.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, addFourier) as unknown as FrameFunctions;
const random = createRandom(3);

/** Four frames as the lanes of one array. */
function interleave(frames: readonly Float32Array[]): Float32Array {
  return Float32Array.from({ length: 4 * frames[0].length }, (_, i) => frames[i % 4][i >> 2]);
}

function assertLanes(found: Float32Array, frames: readonly Float32Array[], what: string): void {
  assertSameBits(found, interleave(frames), what);
}

function fourFrames(length: number): Float32Array[] {
  return Array.from({ length: 4 }, () => randomFloats(random, length, 10));
}

for (const size of [8, 30, 60, 240, 400, 512])
  test(`every stage of a transform of ${size} has the bits of the definition in every lane`, () => {
    for (const stage of realTransform(size).stages) {
      arena.reset();
      const frames = fourFrames(size);
      const x = interleave(frames);
      const [from, twiddles, to] = [arena.put(x), arena.put(stage.twiddles), arena.reserve(x.byteLength)];
      kernels[`fft_stage${stage.radix}_f32`](from, to, twiddles, stage.length, stage.repeat);
      const expected = frames.map((frame) => {
        const y = new Float32Array(size);
        runStage(stage, frame, y);
        return y;
      });
      const what = `radix ${stage.radix}, ${stage.length}×${stage.repeat}`;
      assertLanes(arena.floats(to, x.length), expected, what);
      arena.assertGuarded(to, x.byteLength, what);
      assertSameBits(arena.floats(from, x.length), x, `${what}: the source`);
    }
  });

// Halves that are odd and even, with and without a bin that is its own mate.
for (const size of [4, 6, 8, 10, 12, 18, 30, 100, 256, 400, 1024, 4096])
  test(`powers of ${size / 2 + 1} bins have the bits of the definition in every lane`, () => {
    arena.reset();
    const frames = fourFrames(size);
    const { stages, twiddles } = realTransform(size);
    let [from, to] = [arena.put(interleave(frames)), arena.reserve(16 * size)];
    for (const { radix, length, repeat, twiddles: turns } of stages) {
      kernels[`fft_stage${radix}_f32`](from, to, arena.put(turns), length, repeat);
      [from, to] = [to, from];
    }
    const bytes = 16 * (size / 2 + 1);
    const power = arena.reserve(bytes);
    kernels.fft_power_f32(from, power, arena.put(twiddles), size / 2);
    const expected = frames.map((frame) => {
      const bins = new Float32Array(size / 2 + 1);
      powerSpectrum(realTransform(size), frame, new Float32Array(size), bins);
      return bins;
    });
    assertLanes(arena.floats(power, bytes / 4), expected, `${size}`);
    arena.assertGuarded(power, bytes, `${size}`);
    assert.ok(expected.every((bins) => bins.every((value) => value >= 0)));
  });
