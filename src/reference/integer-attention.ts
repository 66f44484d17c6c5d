// Attention in 16-bit integers: queries, keys, values and probabilities are integers, their products sums of int32 that
// cannot overflow. Only the softmax is float. Rows are time, a row holds the heads one after another.

import { KEYS_A_SUM, largestKey, PROBABILITY, QUERY, SMALLEST, VALUE } from "../tensor/attention-scales.ts";
import type { AttentionSizes } from "./attention.ts";
import { exp } from "./functions.ts";
import { largest } from "./rows.ts";

const f32 = Math.fround;

/** As a conversion that saturates makes it; NaN is 0. */
function toInt16(x: number): number {
  const whole = roundToEven(x);
  return Number.isNaN(whole) ? 0 : Math.max(-32768, Math.min(32767, whole));
}

function roundToEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Integers of one scale: q = round(x · limit / max|x|). */
function quantize(count: number, at: (i: number) => number, limit: number) {
  let max = 0;
  for (let i = 0; i < count; i++) max = Math.max(max, Math.abs(at(i)));
  const inverse = max >= SMALLEST ? f32(limit / max) : 0;
  return {
    scale: f32(max / limit),
    values: Int32Array.from({ length: count }, (_, i) => toInt16(f32(at(i) * inverse))),
  };
}

/** q [tq, heads·qkWidth], k [tk, heads·qkWidth], v [tk, heads·vWidth] → [tq, heads·vWidth], all dense. */
export function integerAttention(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  sizes: AttentionSizes,
): Float32Array {
  const { tq, tk, heads, qkWidth, vWidth, causal } = sizes;
  const scale = f32(sizes.scale);
  const y = new Float32Array(tq * heads * vWidth);
  const [scores, probabilities] = [new Float32Array(tk), new Int32Array(tk)];
  /** One head of a matrix, as rows of `width`. */
  const headOf =
    (x: Float32Array, head: number, width: number) =>
    (i: number): number =>
      x[(Math.floor(i / width) * heads + head) * width + (i % width)];
  for (let head = 0; head < heads; head++) {
    const keys = quantize(tk * qkWidth, headOf(k, head, qkWidth), largestKey(qkWidth));
    const values = quantize(tk * vWidth, headOf(v, head, vWidth), VALUE);
    for (let i = 0; i < tq; i++) {
      const row = headOf(q, head, qkWidth);
      const query = quantize(qkWidth, (c) => row(i * qkWidth + c), QUERY);
      const factor = f32(f32(query.scale * keys.scale) * scale);
      const seen = causal < 0 ? tk : Math.min(tk, causal + i + 1);
      for (let j = 0; j < seen; j++) {
        let dot = 0;
        for (let c = 0; c < qkWidth; c++) dot += query.values[c] * keys.values[j * qkWidth + c];
        scores[j] = f32(dot) * factor;
      }
      const max = largest(seen, (j) => scores[j]);
      probabilities.fill(0);
      for (let j = 0; j < seen; j++) probabilities[j] = toInt16(f32(exp(f32(scores[j] - max)) * PROBABILITY));
      const total = probabilities.reduce((sum, each) => sum + each, 0);
      const unit = f32(values.scale / f32(total));
      for (let c = 0; c < vWidth; c++) {
        let sum = 0;
        for (let from = 0; from < tk; from += KEYS_A_SUM) {
          let part = 0;
          for (let j = from; j < Math.min(tk, from + KEYS_A_SUM); j++)
            part += probabilities[j] * values.values[j * vWidth + c];
          sum = f32(sum + f32(part));
        }
        y[(i * heads + head) * vWidth + c] = sum * unit;
      }
    }
  }
  return y;
}
