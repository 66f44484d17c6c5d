// The arena that all plans of a session share, as only one of them runs at a time.

import type { Heap } from "./heap.ts";

/** An arena that has to grow gets so much more than is needed now. */
const SLACK = 1.0625;

export class Room {
  private readonly heap: Heap;
  private readonly onMoved: () => void;
  private pointer = 0;
  private bytes = 0;

  /** `onMoved` is told when what lay in the room is gone. */
  constructor(heap: Heap, onMoved: () => void) {
    this.heap = heap;
    this.onMoved = onMoved;
  }

  /** A place for so many bytes. */
  reserve(bytes: number): number {
    if (bytes <= this.bytes) return this.pointer;
    this.release();
    const wanted = Math.ceil(bytes * SLACK);
    this.pointer = this.heap.allocate(wanted);
    this.bytes = wanted;
    return this.pointer;
  }

  release(): void {
    if (this.bytes > 0) this.heap.free(this.pointer, this.bytes);
    this.pointer = this.bytes = 0;
    this.onMoved();
  }
}
