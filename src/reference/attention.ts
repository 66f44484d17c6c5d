// Attention of several heads over one sequence. Rows are time, a row holds the heads one after another.

import { exp } from "./functions.ts";
import { largest, sumInFours } from "./rows.ts";

const f32 = Math.fround;

export interface AttentionSizes {
  /** Rows of q and y. */
  tq: number;
  /** Rows of k and v. */
  tk: number;
  heads: number;
  /** Values of a head in q and k. */
  qkWidth: number;
  /** Values of a head in v and y. */
  vWidth: number;
  /** Factor of the scores. */
  scale: number;
  /** Query row i sees keys up to position `causal + i`; negative: every key. */
  causal: number;
}

/** q [tq, heads·qkWidth], k [tk, heads·qkWidth], v [tk, heads·vWidth] → [tq, heads·vWidth], all dense. */
export function attention(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  sizes: AttentionSizes,
): Float32Array {
  const { tq, tk, heads, qkWidth, vWidth, causal } = sizes;
  const scale = f32(sizes.scale);
  const y = new Float32Array(tq * heads * vWidth);
  const scores = new Float32Array(tk);
  for (let head = 0; head < heads; head++)
    for (let i = 0; i < tq; i++) {
      const seen = causal < 0 ? tk : Math.min(tk, causal + i + 1);
      const qAt = (i * heads + head) * qkWidth;
      for (let j = 0; j < seen; j++) {
        const kAt = (j * heads + head) * qkWidth;
        scores[j] = sumInFours(qkWidth, (c) => f32(q[qAt + c] * k[kAt + c])) * scale;
      }
      const max = largest(seen, (j) => scores[j]);
      for (let j = 0; j < seen; j++) scores[j] = exp(f32(scores[j] - max));
      const sum = sumInFours(seen, (j) => scores[j]);
      for (let c = 0; c < vWidth; c++) {
        let total = 0;
        for (let j = 0; j < seen; j++)
          total = f32(total + f32(scores[j] * v[(j * heads + head) * vWidth + c]));
        y[(i * heads + head) * vWidth + c] = total / sum;
      }
    }
  return y;
}
