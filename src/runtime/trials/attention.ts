// Trials of attention and rotary embedding.

import { attentionI16Scratch } from "../../kernels/attention_i16.ts";
import type { KernelName } from "../../kernels/functions.ts";
import { attention } from "../../reference/attention.ts";
import { integerAttention } from "../../reference/integer-attention.ts";
import { rotary } from "../../reference/rotary.ts";
import { largestKey } from "../../tensor/attention-scales.ts";
import { floats, type Trial } from "./bench.ts";

export const attentionTrials: Partial<Record<KernelName, Trial>> = {
  attention_f32(kernels, bench) {
    const [q, k, v] = [floats(3 * 20), floats(7 * 20), floats(7 * 20)];
    const sizes = { tq: 3, tk: 7, heads: 2, qkWidth: 10, vWidth: 10, scale: 0.25, causal: 4 };
    const [x, y] = [bench.put(q), bench.put(q)];
    const scratch = bench.put(new Float32Array(4 * (7 + 16)));
    kernels.attention_f32(
      x,
      80,
      bench.put(k),
      80,
      bench.put(v),
      80,
      y,
      80,
      3,
      7,
      2,
      10,
      10,
      0.25,
      4,
      scratch,
    );
    return { got: bench.get(y, q), want: attention(q, k, v, sizes) };
  },
  attention_i16(kernels, bench) {
    const [tq, tk, heads, width] = [6, 70, 2, 10];
    const [q, k, v] = [tq, tk, tk].map((rows) => floats(rows * heads * width));
    const sizes = { tq, tk, heads, qkWidth: width, vWidth: width, scale: 0.25, causal: 60 };
    const [x, y] = [bench.put(q), bench.put(q)];
    // A head each, should threads share them.
    const scratch = bench.put(new Uint8Array(heads * attentionI16Scratch(tk, width, width)));
    const row = heads * width * 4;
    const places = [x, row, bench.put(k), row, bench.put(v), row, y, row] as const;
    kernels.attention_i16(...places, tq, tk, heads, width, width, 0.25, 60, scratch, largestKey(width));
    return { got: bench.get(y, q), want: integerAttention(q, k, v, sizes) };
  },
  rotary_f32(kernels, bench) {
    const [x, cos, sin] = [floats(3 * 2 * 14), floats(3 * 5), floats(3 * 5).reverse()];
    const sizes = { t: 3, heads: 2, width: 14, rotary: 10 };
    const wants = [0, 1].map((interleaved) =>
      rotary(x, cos, sin, { ...sizes, interleaved: interleaved === 1 }),
    );
    const gots = wants.map((want, interleaved) => {
      const to = bench.put(x);
      kernels.rotary_f32(bench.put(x), to, bench.put(cos), bench.put(sin), 3, 2, 14, 10, interleaved);
      return bench.get(to, want);
    });
    const joined = (parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));
    return { got: joined(gots), want: joined(wants) };
  },
};
