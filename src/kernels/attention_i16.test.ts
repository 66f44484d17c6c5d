import assert from "node:assert/strict";
import { test } from "node:test";
import { type AttentionSizes, attention } from "../reference/attention.ts";
import { integerAttention } from "../reference/integer-attention.ts";
import { largestKey } from "../tensor/attention-scales.ts";
import { addAttentionI16, attentionI16Scratch } from "./attention_i16.ts";
import { addRows } from "./rows.ts";
import { Arena, assertSameBits, createRandom, instantiate, randomFloats } from "./testing.ts";

const arena = new Arena();
const kernels = instantiate(arena, (module) => addAttentionI16(module, addRows(module)));
const random = createRandom(11);

interface Case {
  /** Bytes between rows that belong to nothing. */
  gap?: number;
  range?: number;
  change?(q: Float32Array, k: Float32Array, v: Float32Array): void;
}

/** Runs the kernel, compares it with the definition, gives the result. */
function check(sizes: AttentionSizes, { gap = 0, range = 1, change }: Case = {}): Float32Array {
  const { tq, tk, heads, qkWidth, vWidth, scale, causal } = sizes;
  arena.reset();
  const [qkRow, vRow] = [heads * qkWidth, heads * vWidth];
  const q = randomFloats(random, tq * qkRow, range);
  const [k, v] = [randomFloats(random, tk * qkRow, range), randomFloats(random, tk * vRow, range)];
  change?.(q, k, v);
  const put = (values: Float32Array, row: number) => {
    const rows = Array.from({ length: values.length / row }, (_, i) =>
      values.subarray(i * row, (i + 1) * row),
    );
    const spaced = rows.flatMap((part, i) => [...part, ...(i < rows.length - 1 ? Array(gap).fill(NaN) : [])]);
    return arena.put(Float32Array.from(spaced));
  };
  const [atQ, atK, atV] = [put(q, qkRow), put(k, qkRow), put(v, vRow)];
  const y = arena.reserve(4 * tq * vRow);
  const bytes = attentionI16Scratch(tk, qkWidth, vWidth);
  const scratch = arena.reserve(bytes);
  const [qkStride, vStride] = [4 * (qkRow + gap), 4 * (vRow + gap)];
  const places = [atQ, qkStride, atK, qkStride, atV, vStride, y, 4 * vRow] as const;
  const rest = [scale, causal, scratch, largestKey(qkWidth)] as const;
  kernels.attention_i16(...places, tq, tk, heads, qkWidth, vWidth, ...rest);
  const what = JSON.stringify({ ...sizes, gap });
  const found = arena.floats(y, tq * vRow);
  assertSameBits(found, integerAttention(q, k, v, sizes), what);
  arena.assertGuarded(y, 4 * tq * vRow, what);
  arena.assertGuarded(scratch, bytes, what);
  const exact = attention(q, k, v, sizes);
  const error = Math.hypot(...found.map((x, i) => x - exact[i])) / Math.hypot(...exact);
  if (range === 1) assert.ok(error < 2e-3, `${what}: relative error ${error}`);
  return found;
}

test("attention_i16 has the bits of the reference, and is near floats, for heads of every width", () => {
  for (const width of [1, 2, 3, 4, 5, 16, 20, 31, 36, 38, 52, 64, 68])
    check({ tq: 5, tk: 9, heads: 2, qkWidth: width, vWidth: width, scale: 0.3, causal: -1 });
  check({ tq: 2, tk: 5, heads: 2, qkWidth: 7, vWidth: 12, scale: 0.3, causal: -1 });
});

test("attention_i16 has the bits of the reference for every number of queries and keys", () => {
  for (const tq of [1, 2, 3, 4, 5, 9])
    for (const tk of [1, 2, 7, 8, 9, 33, 63, 64, 65, 130])
      check({ tq, tk, heads: 3, qkWidth: 36, vWidth: 36, scale: 1 / 6, causal: -1 }, { gap: tk % 3 });
});

test("attention_i16 leaves out the keys that a causal mask hides", () => {
  for (const [tq, tk] of [
    [1, 6],
    [4, 4],
    [5, 9],
    [6, 3],
    [9, 70],
  ])
    for (const causal of [0, 1, tk - 1])
      check({ tq, tk, heads: 2, qkWidth: 8, vWidth: 8, scale: 0.5, causal });
});

test("sums of the largest products do not overflow", () => {
  for (const width of [1, 36, 64, 128, 256])
    check(
      { tq: 4, tk: 200, heads: 1, qkWidth: width, vWidth: width, scale: 1e-6, causal: -1 },
      { range: 2, change: (...all) => all.forEach((x) => void x.fill(-3)) },
    );
});

test("zeros, tiny and huge values, infinities and NaN are what the reference makes of them", () => {
  const sizes = { tq: 5, tk: 11, heads: 2, qkWidth: 6, vWidth: 6, scale: 0.5, causal: -1 };
  for (const range of [0, 1e-38, 1e-30, 1e30, 1e38]) check(sizes, { range });
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
    for (const at of [0, 1, 2])
      check(sizes, { range: 2, change: (...all) => void all[at].fill(value, 7, 8) });
});
