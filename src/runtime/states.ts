// States: values that stay in the engine from run to run. One that grows (a key-value cache) is [1, time, width] and gets
// longer in place, behind what is there, moving to a larger room when it is full. One of a single size (the memory of a
// recurrent layer) begins with zeros.

import { OctavoxError } from "../errors.ts";
import { type Dim, symbol } from "../model/dim.ts";
import type { Graph, Model, ValueInfo } from "../model/graph.ts";
import { sizeOf } from "../tensor/tensor.ts";
import type { Heap } from "./heap.ts";
import { bytesNow, dimNow, type Lengths, type Operand } from "./operand.ts";
import type { RunContext } from "./step.ts";

/** Room is given in steps of so many rows. */
const ROOM_STEP = 64;

/** A state as one graph uses it: the names of its input and output there, where it has them. */
export interface StateUse {
  name: string;
  /** Of one that grows, axis 1 is its length so far, a symbol. */
  dims: readonly Dim[];
  input: string | undefined;
  output: string | undefined;
}

/** A state that a run replaces by a value; of one that grows, a value of so many rows. */
export interface Assign {
  state: string;
  operand: Operand;
  rows: Dim;
}

interface Slot {
  pointer: number;
  /** Of one size: all of its bytes. */
  rowBytes: number;
  room: number;
  grows: boolean;
}

export class StateStore {
  private readonly heap: Heap;
  private readonly slots = new Map<string, Slot>();
  /** Current length of every state that grows, by the name of its size. */
  readonly lengths: Lengths = new Map();

  constructor(heap: Heap) {
    this.heap = heap;
  }

  /** The size that stands for a state's length in shapes. */
  static lengthOf(name: string): Dim {
    return symbol(`length of ${name}`);
  }

  /** A state of rows of so many bytes that grows, or of so many bytes altogether. */
  declare(name: string, rowBytes: number, grows = true): void {
    const known = this.slots.get(name);
    if (known && known.rowBytes !== rowBytes)
      throw new OctavoxError("shape", `state ${name} has two widths`, {
        expected: `${known.rowBytes} bytes${grows ? " a row" : ""}`,
        found: `${rowBytes}`,
      });
    if (known) return;
    const room = grows ? ROOM_STEP : 1;
    this.slots.set(name, { pointer: this.heap.allocate(rowBytes * room), rowBytes, room, grows });
    if (grows) this.lengths.set(`length of ${name}`, 0);
    else this.clear(name);
  }

  grows(name: string): boolean {
    return this.slots.get(name)!.grows;
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

  /** A state of one size has but to be empty, which is zeros, or not. */
  setLength(name: string, length: number): void {
    if (this.grows(name)) this.lengths.set(`length of ${name}`, length);
    else if (length === 0) this.clear(name);
  }

  /** Makes room for `length` rows. The state may move: plans made before no longer hold. */
  reserve(name: string, length: number): void {
    const slot = this.slots.get(name)!;
    if (length <= slot.room) return;
    // Half as much again for what is there already, which will grow further; what is replaced will not.
    const room = Math.ceil((length + this.length(name) / 2) / ROOM_STEP) * ROOM_STEP;
    const pointer = this.heap.allocate(room * slot.rowBytes);
    const used = this.length(name) * slot.rowBytes;
    new Uint8Array(this.heap.memory.buffer).copyWithin(pointer, slot.pointer, slot.pointer + used);
    this.heap.free(slot.pointer, slot.room * slot.rowBytes);
    this.slots.set(name, { ...slot, pointer, room });
  }

  /** Keeps what a run has left. A value may lie in a state that another one replaces: it is taken out first. */
  assign(assigns: readonly Assign[], { views: { u8 }, lengths }: RunContext): void {
    const moving = assigns.filter(({ state, operand }) => operand.pointer !== this.pointer(state));
    const values = moving.map(({ operand }) => {
      const end = operand.pointer + bytesNow(operand, lengths);
      return this.isInside(operand.pointer) && moving.length > 1
        ? u8.slice(operand.pointer, end)
        : u8.subarray(operand.pointer, end);
    });
    for (const [index, { state }] of moving.entries()) u8.set(values[index], this.pointer(state));
    for (const { state, rows } of assigns) this.setLength(state, dimNow(rows, lengths));
  }

  private isInside(pointer: number): boolean {
    return [...this.slots.values()].some(
      ({ pointer: start, rowBytes, room }) => pointer >= start && pointer < start + rowBytes * room,
    );
  }

  /** Forgets what was kept: the next run starts anew. Room stays. */
  reset(): void {
    for (const name of this.lengths.keys()) this.lengths.set(name, 0);
    for (const [name, { grows }] of this.slots) if (!grows) this.clear(name);
  }

  private clear(name: string): void {
    const { pointer, rowBytes } = this.slots.get(name)!;
    new Uint8Array(this.heap.memory.buffer).fill(0, pointer, pointer + rowBytes);
  }
}

/** What a caller feeds and receives of a graph, and what stays in the engine. */
export interface GraphUse {
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  states: readonly StateUse[];
}

/** Declares the states of a model, and tells how each of its graphs uses them. */
export function declareStates({ graphs, states = [] }: Model, store: StateStore): Map<Graph, GraphUse> {
  const uses = new Map<Graph, StateUse[]>(graphs.map((graph) => [graph, []]));
  for (const { name, input, output } of states) {
    const size = sizeOfState(graphs, input);
    for (const [graph, list] of uses) {
      const [read, left] = [find(graph.inputs, input), find(graph.outputs, output)];
      const width = (read ?? left)?.dims?.[2];
      if ((!read && !left) || (!size && typeof width !== "number")) continue;
      store.declare(name, (size ? sizeOf(size) : (width as number)) * 4, !size);
      const dims = size ?? [1, StateStore.lengthOf(name), width as number];
      list.push({ name, dims, input: read?.name, output: left?.name });
    }
  }
  const others = (list: readonly ValueInfo[], own: readonly (string | undefined)[]): ValueInfo[] =>
    list.filter(({ name }) => !own.includes(name));
  return new Map(
    [...uses].map(([graph, own]) => [
      graph,
      {
        inputs: others(
          graph.inputs,
          own.map(({ input }) => input),
        ),
        outputs: others(
          graph.outputs,
          own.map(({ output }) => output),
        ),
        states: own,
      },
    ]),
  );
}

/** The size of a state wherever it is read, when it has one. */
function sizeOfState(graphs: readonly Graph[], input: string): readonly number[] | undefined {
  const all = graphs.flatMap((graph) => find(graph.inputs, input) ?? []);
  const fixed = all.length > 0 && all.every(({ dims }) => dims?.every((dim) => typeof dim === "number"));
  return fixed ? (all[0].dims as readonly number[]) : undefined;
}

const find = (list: readonly ValueInfo[], name: string): ValueInfo | undefined =>
  list.find((info) => info.name === name);
