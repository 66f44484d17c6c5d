// Which recordings are tried, and in which order; choices by chance can be made again.

/** Numbers in 0…1, below 1, the same for the same seed (mulberry32: a counter, mixed by two multiplications). */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Choice {
  /** How many at most; all by default. */
  limit?: number | undefined;
  /** The order is drawn from this; without it the order stays, and the first ones are chosen. */
  seed?: number | undefined;
}

/** Some of the items. With a seed, fewer are the beginning of what more would be. */
export function choose<Item>(items: readonly Item[], { limit = items.length, seed }: Choice): Item[] {
  const order = [...items];
  if (seed !== undefined) {
    const random = seeded(seed);
    for (let at = 0; at < order.length - 1; at++) {
      const other = at + Math.floor(random() * (order.length - at));
      [order[at], order[other]] = [order[other], order[at]];
    }
  }
  return order.slice(0, limit);
}

/** The first of each list, then the second of each …: whatever part is taken from the front has all kinds in it. */
export function inTurn<Item>(lists: readonly (readonly Item[])[]): Item[] {
  const longest = Math.max(0, ...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list.slice(at, at + 1))).flat();
}
