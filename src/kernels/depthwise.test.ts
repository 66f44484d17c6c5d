// The kernels that slide windows over every channel by itself: for every number of channels the reference's bits, and
// nothing written but the result.

import assert from "node:assert/strict";
import { test } from "node:test";
import { depthwiseF32, depthwiseI32, windowMax } from "../reference/depthwise.ts";
import { limit } from "../reference/elementwise-functions.ts";
import { addBias, requantize } from "../reference/requantize.ts";
import { addDepthwiseF32 } from "./depthwise_f32.ts";
import { addDepthwiseLinesU8S8 } from "./depthwise_lines_u8s8.ts";
import { addDepthwiseU8S8 } from "./depthwise_u8s8.ts";
import { columnSums, packPanels } from "./layout.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";
import { testedDots } from "./testing_u8s8.ts";

const random = createRandom(11);
const bytes = (count: number) => Uint8Array.from({ length: count }, () => random() * 256);
const signed = (count: number) => Int8Array.from(bytes(count));

/** Windows of 2×3 places over an image of 4 lines and 9 columns: 3 lines of 7 windows. */
const [LINES, COLUMNS, PLACES] = [4, 9, 6];
const [DOWN, ACROSS] = [3, 7];
const from = Int32Array.from({ length: DOWN * ACROSS * PLACES }, (_, i) => {
  const [window, place] = [Math.floor(i / PLACES), i % PLACES];
  const line = Math.floor(window / ACROSS) + Math.floor(place / 3);
  return line * COLUMNS + (window % ACROSS) + (place % 3);
});

const geometry = (channels: number) => ({ places: PLACES, from, channels });

/** Byte offsets of the places, and what all kernels with such a table begin with. */
function windows(arena: Arena, x: number, y: number, channels: number, size: number) {
  const pixel = channels * size;
  const table = Int32Array.of(0, 1, 2, COLUMNS, COLUMNS + 1, COLUMNS + 2, 0, 0).map((place) => place * pixel);
  return [x, y, DOWN, COLUMNS * pixel, ACROSS, pixel, arena.put(table), PLACES, channels] as const;
}

const upTo = (end: number) => Array.from({ length: end }, (_, i) => i + 1);

test("depthwise_f32 and window_max have the reference's bits for any number of channels, and write only y", () => {
  const arena = new Arena();
  const kernels = instantiate(arena, addDepthwiseF32);
  for (const channels of upTo(37)) {
    arena.reset();
    const what = `${channels} channels`;
    const x = randomFloats(random, LINES * COLUMNS * channels);
    const [weights, bias] = [randomFloats(random, PLACES * channels), randomFloats(random, channels)];
    const count = DOWN * ACROSS * channels;
    const [place, y] = [arena.put(x), arena.reserve(count * 4)];
    const taken = windows(arena, place, y, channels, 4);
    kernels.depthwise_f32(...taken, arena.put(weights), arena.put(bias), -0.5, 0.7);
    const want = limit(
      depthwiseF32(x, weights, geometry(channels), bias),
      Math.fround(-0.5),
      Math.fround(0.7),
    );
    assertSameBits(arena.floats(y, count), want, what);
    arena.assertGuarded(y, count * 4, what);
    kernels.window_max_f32(...taken);
    assertSameBits(arena.floats(y, count), windowMax(x, geometry(channels), -Infinity), what);
    arena.assertGuarded(y, count * 4, what);
    const q = bytes(x.length);
    const most = arena.reserve(count);
    kernels.window_max_u8(...windows(arena, arena.put(q), most, channels, 1));
    assert.deepEqual(arena.bytes(most, count), windowMax(q, geometry(channels), 0), what);
    arena.assertGuarded(most, count, what);
  }
});

for (const dot of testedDots)
  test(`${dot.word}: depthwise_u8s8 has the reference's bits for any number of channels, and writes only y`, () => {
    const arena = new Arena();
    const kernels = instantiate(arena, (module) => {
      addDepthwiseU8S8(module, dot);
      addDepthwiseLinesU8S8(module, dot);
    });
    for (const channels of upTo(41)) {
      arena.reset();
      const [x, weights] = [bytes(LINES * COLUMNS * channels), signed(PLACES * channels)];
      const bias = Int32Array.from(randomFloats(random, channels, 3000));
      const factors = randomFloats(random, channels, 0.01);
      const limits = { zero: 130, low: 3, high: 251 };
      const sums = addBias(depthwiseI32(x, weights, geometry(channels), 99), channels, bias);
      const want = Uint8Array.from(requantize(sums, channels, { rounding: "even", factors, ...limits }));
      const y = arena.reserve(want.length);
      const [image, own] = [arena.put(x), arena.put(columnSums(weights, PLACES, channels))];
      const scratch = arena.reserve(4 * (channels + 16));
      const finish = [arena.put(bias), arena.put(factors), ...Object.values(limits), 0] as const;
      const check = (what: string): void => {
        assert.deepEqual(arena.bytes(y, want.length), want, `${what}, ${channels} channels`);
        arena.assertGuarded(y, want.length, what);
        new Uint8Array(arena.memory.buffer, y, want.length).fill(0);
      };
      const panels = arena.put(packPanels(weights, PLACES, channels));
      const taken = windows(arena, image, y, channels, 1);
      const run = kernels.depthwise_u8s8_u8 as (...all: number[]) => void;
      run(...taken, panels, 99, own, scratch, ...finish);
      check("by places");
      const byColumns = new Int8Array(3 * 4 * channels);
      for (let place = 0; place < PLACES; place++)
        byColumns.set(
          weights.subarray(place * channels, (place + 1) * channels),
          ((place % 3) * 4 + Math.floor(place / 3)) * channels,
        );
      const lines = arena.put(Int32Array.of(0, COLUMNS * channels, 0, 0));
      const columns = arena.put(packPanels(byColumns, 12, channels));
      const turned = arena.reserve(COLUMNS * 64);
      const shape = [DOWN, COLUMNS * channels, ACROSS, 1, COLUMNS, lines, 1, 3, 1, channels] as const;
      const runLines = kernels.depthwise_lines_u8s8_u8 as (...all: number[]) => void;
      runLines(image, y, ...shape, columns, 99, own, scratch, turned, ...finish);
      check("by lines");
    }
  });
