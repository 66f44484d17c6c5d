// What every trial of a kernel needs: a stretch of memory to work in, and numbers that are the same every time.

import type { KernelFunctions } from "../../kernels/functions.ts";
import type { TypedArray } from "../../tensor/dtype.ts";

export type Result = { got: TypedArray; want: TypedArray };
/** Trials of kernels by name; some kernels have several. */
export type Trials = readonly (readonly [name: string, trial: Trial])[];
export type Trial = (kernels: KernelFunctions, bench: Bench) => Result;

/** Scratch space for one trial: puts arrays into the memory and reads them back. */
export class Bench {
  private readonly memory: WebAssembly.Memory;
  private next = 64;

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory;
  }

  put(data: TypedArray): number {
    const pointer = this.next;
    this.next += Math.ceil((data.byteLength + 128) / 64) * 64;
    new Uint8Array(this.memory.buffer).set(
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
      pointer,
    );
    return pointer;
  }

  get<T extends TypedArray>(pointer: number, like: T): T {
    const bytes = this.memory.buffer.slice(pointer, pointer + like.byteLength);
    return new (like.constructor as new (buffer: ArrayBuffer) => T)(bytes);
  }
}

/** Repeatable numbers in 0…1: no trial may depend on luck. */
export function noise(count: number): number[] {
  let state = 12345;
  return Array.from(
    { length: count },
    () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff,
  );
}

export const floats = (count: number): Float32Array => Float32Array.from(noise(count), (x) => 8 * x - 4);
export const unsigned = (count: number): Uint8Array =>
  Uint8Array.from(noise(count), (x) => Math.round(255 * x));
export const signed = (count: number): Int8Array =>
  Int8Array.from(noise(count), (x) => Math.round(255 * x) - 128);
