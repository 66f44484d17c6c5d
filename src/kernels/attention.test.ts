import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttentionSizes, attention } from "../reference/attention.ts";
import { addAttention } from "./attention.ts";
import { addRows } from "./rows.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, (module) => addAttention(module, addRows(module)));
const random = createRandom(7);

/** Compares one attention whose rows lie `gap` floats further apart than they are long. */
function check(sizes: AttentionSizes, gap = 0, range = 1): void {
  const { tq, tk, heads, qkWidth, vWidth, scale, causal } = sizes;
  arena.reset();
  const [qkRow, vRow] = [heads * qkWidth, heads * vWidth];
  const q = randomFloats(random, tq * qkRow, range);
  const [k, v] = [randomFloats(random, tk * qkRow, range), randomFloats(random, tk * vRow, range)];
  const put = (values: Float32Array, row: number) => {
    const rows = Array.from({ length: values.length / row }, (_, i) =>
      values.subarray(i * row, (i + 1) * row),
    );
    const spaced = rows.flatMap((part, i) => [...part, ...(i < rows.length - 1 ? Array(gap).fill(NaN) : [])]);
    return arena.put(Float32Array.from(spaced));
  };
  const [atQ, atK, atV] = [put(q, qkRow), put(k, qkRow), put(v, vRow)];
  const y = arena.reserve(4 * tq * vRow);
  const scratch = arena.reserve(16 * (tk + 16));
  const [qkStride, vStride] = [4 * (qkRow + gap), 4 * (vRow + gap)];
  const places = [atQ, qkStride, atK, qkStride, atV, vStride, y, 4 * vRow] as const;
  kernels.attention_f32(...places, tq, tk, heads, qkWidth, vWidth, scale, causal, scratch);
  const what = JSON.stringify({ ...sizes, gap });
  assertSameBits(arena.floats(y, tq * vRow), attention(q, k, v, sizes), what);
  arena.assertGuarded(y, 4 * tq * vRow, what);
  arena.assertGuarded(scratch, 16 * (tk + 16), what);
}

test("attention_f32 has the bits of the reference for heads of every width", () => {
  for (const width of [1, 2, 3, 4, 5, 16, 20, 31, 36, 38, 52, 64, 68])
    check({ tq: 3, tk: 9, heads: 2, qkWidth: width, vWidth: width, scale: 0.3, causal: -1 });
  check({ tq: 2, tk: 5, heads: 2, qkWidth: 7, vWidth: 12, scale: 0.3, causal: -1 });
});

test("attention_f32 has the bits of the reference for every number of queries and keys", () => {
  for (const tq of [1, 2, 5])
    for (const tk of [1, 2, 3, 4, 5, 7, 8, 33])
      check({ tq, tk, heads: 3, qkWidth: 36, vWidth: 36, scale: 1 / 6, causal: -1 }, tk % 3);
});

test("attention_f32 leaves out the keys that a causal mask hides", () => {
  for (const [tq, tk] of [
    [1, 6],
    [4, 4],
    [5, 9],
    [6, 3],
  ])
    for (const causal of [0, 1, tk - 1])
      check({ tq, tk, heads: 2, qkWidth: 8, vWidth: 8, scale: 0.5, causal });
});

test("attention_f32 has the bits of the reference when one score outweighs the others", () => {
  check({ tq: 4, tk: 50, heads: 1, qkWidth: 36, vWidth: 36, scale: 1, causal: -1 }, 0, 20);
});

test("attention_f32 gives NaN only to queries whose scores are not numbers", () => {
  arena.reset();
  const q = Float32Array.of(1, 1, NaN, 1);
  const [atQ, atK, y] = [arena.put(q), arena.put(Float32Array.of(1, 2, 3, 4, 5, 6)), arena.reserve(16)];
  const scratch = arena.reserve(16 * 19);
  kernels.attention_f32(atQ, 8, atK, 8, atK, 8, y, 8, 2, 3, 1, 2, 2, 1, -1, scratch);
  assert.deepEqual([...arena.floats(y, 4)].map(Number.isNaN), [false, false, true, true]);
});
