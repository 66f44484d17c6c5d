// Rotary position embedding: pairs of values of a head are turned by an angle that depends on time.

const f32 = Math.fround;

export interface RotarySizes {
  /** Rows (time steps). */
  t: number;
  heads: number;
  /** Values of a head. */
  width: number;
  /** How many of them are turned, even; the rest is copied. */
  rotary: number;
  /** Pairs are (x0,x1), (x2,x3)…; otherwise (x0,x[r/2]), (x1,x[r/2+1])…, r = rotary. */
  interleaved: boolean;
}

/** x [t, heads·width], cos and sin [t, rotary/2] → like x. */
export function rotary(
  x: Float32Array,
  cos: Float32Array,
  sin: Float32Array,
  sizes: RotarySizes,
): Float32Array {
  const { t, heads, width, interleaved } = sizes;
  const pairs = sizes.rotary / 2;
  const y = x.slice();
  for (let row = 0; row < t; row++)
    for (let head = 0; head < heads; head++)
      for (let pair = 0; pair < pairs; pair++) {
        const base = (row * heads + head) * width;
        const first = base + (interleaved ? 2 * pair : pair);
        const second = base + (interleaved ? 2 * pair + 1 : pair + pairs);
        const [c, s] = [cos[row * pairs + pair], sin[row * pairs + pair]];
        y[first] = f32(x[first] * c) - f32(x[second] * s);
        y[second] = f32(x[first] * s) + f32(x[second] * c);
      }
  return y;
}
