// How far the integers of attention in 16 bits reach: as far as sums of their products fit 31 bits.

/** Largest magnitudes of the integers, and how many keys are summed before the sum becomes a float. */
export const QUERY = 2047;
export const VALUE = 2047;
/** What a probability of 1 is. 64 · 16383 · 2047 < 2³¹ */
export const PROBABILITY = 16383;
export const KEYS_A_SUM = 64;
/** Smaller magnitudes count as 0: their inverse has no float. */
export const SMALLEST = 2 ** -100;

/** The largest magnitude of keys, so that `width` products of a query and a key fit 31 bits. */
export function largestKey(width: number): number {
  return Math.min(32767, Math.floor((2 ** 31 - 1) / (width * QUERY)));
}
