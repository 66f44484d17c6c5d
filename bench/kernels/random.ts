// The same operands in every process, from a seed.

export type Random = () => number;

/** Numbers in [0, 1): a multiplicative congruential generator. */
export function createRandom(seed: number): Random {
  let state = seed % 2147483647 || 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** The seed of a shape's operands. */
export function seedOf(shape: readonly number[]): number {
  return shape.reduce((seed, size) => (seed * 31 + size + 1) % 2147483647, 7);
}

/** 0…255 */
export function unsignedBytes(random: Random, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, () => random() * 256);
}

/** −128…127 */
export function signedBytes(random: Random, count: number): Int8Array {
  return Int8Array.from({ length: count }, () => Math.floor(random() * 256) - 128);
}

/** Evenly spread over ±range. */
export function floats(random: Random, count: number, range: number): Float32Array {
  return Float32Array.from({ length: count }, () => (2 * random() - 1) * range);
}
