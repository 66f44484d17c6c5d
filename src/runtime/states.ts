// States: values that stay in the engine from run to run (key-value caches, recurrent state). A state grows along
// axis 1 of [batch, time, width] in place, and moves to a larger room when it is full.

import { OctavoxError } from "../errors.ts";
import type { Dim } from "../model/dim.ts";
import { symbol } from "../model/dim.ts";
import type { Heap } from "./heap.ts";
import type { Lengths } from "./operand.ts";

/** Room is given in steps of so many rows. */
const ROOM_STEP = 64;

export class StateStore {
  private readonly heap: Heap;
  private readonly slots = new Map<string, { pointer: number; rowBytes: number; room: number }>();
  /** Current length of every state, by the name of its size. */
  readonly lengths: Lengths = new Map();

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** The size that stands for a state's length in shapes. */
  static lengthOf(name: string): Dim {
    return symbol(`length of ${name}`);
  }

  declare(name: string, rowBytes: number): void {
    const known = this.slots.get(name);
    if (known && known.rowBytes !== rowBytes)
      throw new OctavoxError("shape", `state ${name} has two widths`, {
        expected: `${known.rowBytes} bytes a row`,
        found: `${rowBytes}`,
      });
    if (known) return;
    this.slots.set(name, { pointer: this.heap.allocate(rowBytes * ROOM_STEP), rowBytes, room: ROOM_STEP });
    this.lengths.set(`length of ${name}`, 0);
  }

  pointer(name: string): number {
    return this.slots.get(name)!.pointer;
  }

  room(name: string): number {
    return this.slots.get(name)!.room;
  }

  length(name: string): number {
    return this.lengths.get(`length of ${name}`) ?? 0;
  }

  setLength(name: string, length: number): void {
    this.lengths.set(`length of ${name}`, length);
  }

  /** Makes room for `length` rows. The state may move: plans made before no longer hold. */
  reserve(name: string, length: number): void {
    const slot = this.slots.get(name)!;
    if (length <= slot.room) return;
    const room = Math.ceil((length * 1.125) / ROOM_STEP) * ROOM_STEP;
    const pointer = this.heap.allocate(room * slot.rowBytes);
    const used = this.length(name) * slot.rowBytes;
    new Uint8Array(this.heap.memory.buffer).copyWithin(pointer, slot.pointer, slot.pointer + used);
    this.heap.free(slot.pointer, slot.room * slot.rowBytes);
    this.slots.set(name, { ...slot, pointer, room });
  }

  /** Forgets what was kept: the next run starts anew. Room stays. */
  reset(): void {
    for (const name of this.lengths.keys()) this.lengths.set(name, 0);
  }
}
