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
  const placed: number[] = [];
  let total = 0;
  const order = lifetimes.map((_, index) => index).sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || a - b);
  for (const index of order) {
    const own = lifetimes[index];
    const size = padded(own.bytes);
    let offset = 0;
    // `placed` is sorted by offset: the first gap between neighbours in time that is large enough.
    for (const other of placed) {
      if (lifetimes[other].from > own.to || lifetimes[other].to < own.from) continue;
      if (offsets[other] >= offset + size) break;
      offset = Math.max(offset, offsets[other] + padded(lifetimes[other].bytes));
    }
    offsets[index] = offset;
    placed.splice(placed.findIndex((other) => offsets[other] > offset) >>> 0, 0, index);
    total = Math.max(total, offset + size);
  }
  return { offsets, bytes: total };
}

/** Kernels may read up to 64 bytes past an operand, so neighbours keep that distance from the end. */
function padded(bytes: number): number {
  return Math.ceil((bytes + 64) / ALIGNMENT) * ALIGNMENT;
}
