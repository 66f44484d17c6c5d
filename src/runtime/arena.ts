// Where intermediate values lie: each lives from the node that makes it to the last that reads it, and two that
// never live at the same time may share bytes. Largest first, each at the lowest place that is free all its life.

export interface Lifetime {
  bytes: number;
  /** Index of the node that writes it and of the last node that reads it. */
  from: number;
  to: number;
}

const ALIGNMENT = 64;

/** Offsets for each lifetime, and the bytes that all of them together need. */
export function assignArena(lifetimes: readonly Lifetime[]): { offsets: number[]; bytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const placed: number[] = []; // sorted by offset
  let total = 0;
  const order = lifetimes
    .map((_, index) => index)
    .sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || a - b);
  for (const index of order) {
    const size = padded(lifetimes[index].bytes);
    const offset = firstFit(size, lifetimes[index], placed, lifetimes, offsets);
    offsets[index] = offset;
    let at = placed.length;
    while (at > 0 && offsets[placed[at - 1]] > offset) at--;
    placed.splice(at, 0, index);
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}

/** The lowest offset where `size` bytes touch nothing that lives at the same time. */
function firstFit(
  size: number,
  own: Lifetime,
  placed: readonly number[],
  lifetimes: readonly Lifetime[],
  offsets: readonly number[],
): number {
  let offset = 0;
  for (let i = 0; i < placed.length; i++) {
    const other = lifetimes[placed[i]];
    if (other.from > own.to || other.to < own.from) continue;
    if (offsets[placed[i]] >= offset + size) break;
    offset = Math.max(offset, offsets[placed[i]] + padded(other.bytes));
  }
  return offset;
}

/** Kernels may read up to 64 bytes past an operand, so neighbours keep that distance from the end. */
function padded(bytes: number): number {
  return Math.ceil((bytes + 64) / ALIGNMENT) * ALIGNMENT;
}
