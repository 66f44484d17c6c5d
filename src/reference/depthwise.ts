// The definition of what slides a window over every channel by itself, channels last: depthwise convolution and
// pooling. Where the windows' places are is given as positions in one image; −1 and below stand for padding.

const f32 = Math.fround;

/** Windows over an image of rows of `channels` values: place p of window w is row from[w·places + p]. */
export interface ChannelWindows {
  places: number;
  from: Int32Array;
  channels: number;
}

/**
 * y[w, o] = Σp x[from(w, p), ⌊o·channels/out⌋]·weights[p, o], each sum in the order of places from 0, then + bias[o].
 * Padding is 0.
 */
export function depthwiseF32(
  x: Float32Array,
  weights: Float32Array,
  { places, from, channels }: ChannelWindows,
  bias?: Float32Array,
): Float32Array {
  const out = weights.length / places;
  return Float32Array.from({ length: (from.length / places) * out }, (_, i) => {
    const [first, o] = [Math.floor(i / out) * places, i % out];
    const channel = Math.floor((o * channels) / out);
    let sum = 0;
    for (let p = 0; p < places; p++) {
      const at = from[first + p];
      sum = f32(sum + f32((at < 0 ? 0 : x[at * channels + channel]) * weights[p * out + o]));
    }
    return bias ? sum + bias[o] : sum;
  });
}

/** The same of bytes: Σp (x − xZero)·weights[p, o], wrapping int32; padding is xZero. */
export function depthwiseI32(
  x: Uint8Array,
  weights: Int8Array,
  { places, from, channels }: ChannelWindows,
  xZero: number,
): Int32Array {
  const out = weights.length / places;
  return Int32Array.from({ length: (from.length / places) * out }, (_, i) => {
    const [first, o] = [Math.floor(i / out) * places, i % out];
    const channel = Math.floor((o * channels) / out);
    let sum = 0;
    for (let p = 0; p < places; p++) {
      const at = from[first + p];
      if (at >= 0) sum = (sum + Math.imul(x[at * channels + channel] - xZero, weights[p * out + o])) | 0;
    }
    return sum;
  });
}

/** y[w, c] = the largest of the window's values, from `padding`, the smallest there is, on; a NaN is passed over. */
export function windowMax<T extends Float32Array | Uint8Array | Int8Array>(
  x: T,
  { places, from, channels }: ChannelWindows,
  padding: number,
): T {
  const y = new (x.constructor as new (length: number) => T)((from.length / places) * channels);
  for (let i = 0; i < y.length; i++) {
    const [first, channel] = [Math.floor(i / channels) * places, i % channels];
    const value = (p: number) => (from[first + p] < 0 ? padding : x[from[first + p] * channels + channel]);
    let most = padding;
    for (let p = 0; p < places; p++) if (value(p) > most) most = value(p);
    y[i] = most;
  }
  return y;
}
