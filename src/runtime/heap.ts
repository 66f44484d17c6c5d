// The engine's memory: one WebAssembly memory, and blocks in it handed out first-fit. Blocks are few and large
// (weights, states, the arena of intermediate values), so a sorted list of gaps is all it takes.

import { OctavoxError } from "../errors.ts";

const PAGE = 65536;
const ALIGNMENT = 64;
/** WebAssembly's 32-bit limit. */
const MOST_BYTES = 65536 * PAGE;

interface Gap {
  start: number;
  bytes: number;
}

export interface HeapOptions {
  /** Whether threads will use the memory too. */
  shared?: boolean | undefined;
  /** The most it may grow to, in bytes. */
  limit?: number | undefined;
}

export class Heap {
  readonly memory: WebAssembly.Memory;
  private readonly limit: number;
  private gaps: Gap[];
  private readonly listeners: (() => void)[] = [];

  /** @throws OctavoxError `argument` for a limit that is not a number of bytes */
  constructor({ shared = false, limit = MOST_BYTES }: HeapOptions = {}) {
    if (!(limit >= PAGE))
      throw new OctavoxError("argument", "memoryLimit", {
        expected: `a number of bytes, ${PAGE} at least`,
        found: String(limit),
      });
    this.limit = Math.min(limit, MOST_BYTES);
    // Shared memory reserves its addresses at once, and must be told how many.
    this.memory = new WebAssembly.Memory(
      shared ? { initial: 1, maximum: Math.floor(this.limit / PAGE), shared } : { initial: 1 },
    );
    // Address 0 means "not given" to kernels, so the first block starts later.
    this.gaps = [{ start: ALIGNMENT, bytes: PAGE - ALIGNMENT }];
  }

  /** Reserves `bytes` (64-byte aligned, with 64 readable bytes after them); zeroed only when never used before. */
  allocate(bytes: number): number {
    const size = this.roomFor(bytes);
    let index = this.gaps.findIndex((gap) => gap.bytes >= size);
    if (index < 0) {
      this.grow(size);
      index = this.gaps.length - 1;
    }
    const gap = this.gaps[index];
    const start = gap.start;
    gap.start += size;
    gap.bytes -= size;
    if (gap.bytes === 0) this.gaps.splice(index, 1);
    return start;
  }

  /** Gives a block back; `bytes` as it was allocated. */
  free(start: number, bytes: number): void {
    this.addGap({ start, bytes: this.roomFor(bytes) });
  }

  /** What a block of `bytes` takes of the memory. */
  roomFor(bytes: number): number {
    return Math.ceil((bytes + 64) / ALIGNMENT) * ALIGNMENT;
  }

  /** Grows, if need be, so that blocks that take `room` together find their place without growing again. */
  reserve(room: number): void {
    if (room > 0 && !this.gaps.some((gap) => gap.bytes >= room)) this.grow(room);
  }

  /** Calls `renew` whenever the memory has grown: arrays over it have lost their bytes then. */
  onGrow(renew: () => void): void {
    this.listeners.push(renew);
  }

  /** Adds pages until the last gap has `bytes`. */
  private grow(bytes: number): void {
    const end = this.memory.buffer.byteLength;
    const last = this.gaps.at(-1);
    const free = last && last.start + last.bytes === end ? last.bytes : 0;
    const pages = Math.ceil((bytes - free) / PAGE);
    if (end + pages * PAGE > this.limit) throw outOfMemory(bytes, end, this.limit);
    try {
      this.memory.grow(pages);
    } catch (cause) {
      throw outOfMemory(bytes, end, this.limit, cause);
    }
    this.addGap({ start: end, bytes: pages * PAGE });
    for (const renew of this.listeners) renew();
  }

  private addGap(added: Gap): void {
    const gaps = [...this.gaps, added].sort((a, b) => a.start - b.start);
    this.gaps = gaps.reduce<Gap[]>((joined, gap) => {
      const last = joined.at(-1);
      if (last && last.start + last.bytes === gap.start) last.bytes += gap.bytes;
      else joined.push(gap);
      return joined;
    }, []);
  }
}

function outOfMemory(bytes: number, used: number, limit: number, cause?: unknown): OctavoxError {
  return new OctavoxError("host", "not enough WebAssembly memory", {
    expected: `${bytes} more bytes`,
    found: `${used} bytes in use, at most ${limit}`,
    remedy:
      limit < MOST_BYTES
        ? "Raise memoryLimit, or use shorter audio or a smaller model"
        : "Use shorter audio or a smaller model",
    cause,
  });
}
