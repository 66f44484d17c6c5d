// Cross-layer equalization (Nagel and others, 2019): between two layers with nothing but a ReLU, a channel may be made
// smaller in the first and larger in the second by the same factor, and the model computes what it did. Factors are
// chosen so that a channel spans as much in both layers; one scale for a tensor then fits all channels better.

/** A channel of nothing but zeros on either side is left alone, and no channel is scaled further than this at once. */
const MOST = 2 ** 10;

/**
 * The factor s of each channel: the first layer's weights of it become w/s, the second's w·s.
 * @param first the greatest |w| of each channel, as an output of the first layer
 * @param second the greatest |w| of each channel, as an input of the second
 */
export function equalizingFactors(first: ArrayLike<number>, second: ArrayLike<number>): Float32Array {
  return Float32Array.from(first, (own, channel) => {
    const factor = Math.sqrt(own / second[channel]);
    return own > 0 && second[channel] > 0 ? Math.min(MOST, Math.max(1 / MOST, factor)) : 1;
  });
}
