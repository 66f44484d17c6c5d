// Families of functions of rows: what comes between the products.

import { attention } from "../../src/reference/attention.ts";
import { gelu } from "../../src/reference/functions.ts";
import { dynamicQuantize } from "../../src/reference/quantize.ts";
import { layerNorm, softmax } from "../../src/reference/rows.ts";
import { family, type Shape } from "./family.ts";
import { floats, type Random } from "./random.ts";

const rows = {
  shapes: "rows",
  type: Float32Array,
  work: ([r, n]: Shape) => r * n,
  count: ([r, n]: Shape) => r * n,
} as const;
const rowsOfFloats = ([r, n]: Shape, random: Random) => ({ x: floats(random, r * n, 4) });
const EPSILON = 1e-5;

export const rowFamilies = {
  attention: family({
    ...{ title: "attention, float32", shapes: "attention", limit: "f32", type: Float32Array },
    count: ([tq, , heads, width]: Shape) => tq * heads * width,
    work: ([tq, tk, heads, width]: Shape) => 4 * tq * tk * heads * width,
    operands: ([tq, tk, heads, width], random) => ({
      q: floats(random, tq * heads * width, 1),
      k: floats(random, tk * heads * width, 1),
      v: floats(random, tk * heads * width, 1),
    }),
    reference: ({ q, k, v }, [tq, tk, heads, width, causal]) => {
      const sizes = { tq, tk, heads, qkWidth: width, vWidth: width, scale: 1 / Math.sqrt(width) };
      return attention(q, k, v, { ...sizes, causal: causal ? tk - tq : -1 });
    },
    bind({ attention_f32 }, place, { q, k, v }, [tq, tk, heads, width, causal]) {
      const [x, keys, values] = [q, k, v].map((operand) => place.put(operand));
      const [y, scratch] = [place.reserve(q.byteLength), place.reserve(4 * (tk + 16))];
      const [row, scale, seen] = [heads * width * 4, 1 / Math.sqrt(width), causal ? tk - tq : -1];
      const sizes = [tq, tk, heads, width, width, scale, seen, scratch] as const;
      return { call: () => attention_f32(x, row, keys, row, values, row, y, row, ...sizes), result: y };
    },
  }),

  softmax: family({
    ...{ title: "softmax of rows", ...rows, operands: rowsOfFloats },
    reference: ({ x }, [, n]) => softmax(x, n),
    bind({ softmax_f32 }, place, { x }, [r, n]) {
      const [from, y] = [place.put(x), place.reserve(x.byteLength)];
      return { call: () => softmax_f32(from, y, r, n), result: y };
    },
  }),

  layer_norm: family({
    ...{ title: "layer norm of rows", ...rows, operands: rowsOfFloats },
    reference: ({ x }, [, n]) => layerNorm(x, n, EPSILON),
    bind({ layer_norm_f32 }, place, { x }, [r, n]) {
      const [from, y] = [place.put(x), place.reserve(x.byteLength)];
      return { call: () => layer_norm_f32(from, y, r, n, Math.fround(EPSILON), 0, 0), result: y };
    },
  }),

  gelu: family({
    ...{ title: "GELU", ...rows, operands: rowsOfFloats },
    reference: ({ x }) => x.map(gelu),
    bind({ gelu_f32 }, place, { x }, [r, n]) {
      const [from, y] = [place.put(x), place.reserve(x.byteLength)];
      return { call: () => gelu_f32(from, y, r * n), result: y };
    },
  }),

  dynamic_quantize: family({
    ...{ title: "dynamic quantization", ...rows, type: Uint8Array, operands: rowsOfFloats },
    reference: ({ x }) => dynamicQuantize(x).y,
    bind({ dynamic_quantize_u8 }, place, { x }) {
      const [from, y, scale, zero] = [place.put(x), ...[x.length, 4, 1].map((bytes) => place.reserve(bytes))];
      return { call: () => dynamic_quantize_u8(from, x.length, y, scale, zero, 255), result: y };
    },
  }),
};
