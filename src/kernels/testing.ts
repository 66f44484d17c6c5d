// What the tests of kernels share: a memory in which every operand lies between guard zones, reproducible
// values, and a comparison of bits.

import assert from "node:assert/strict";
import { ModuleBuilder } from "../wasm/index.ts";
import type { KernelFunctions } from "./functions.ts";

type Operand = Float32Array | Float64Array | Int32Array | Int16Array | Uint8Array | Int8Array;

const GUARD_BYTES = 64;
const GUARD = 0xa5;

/** Operands one after another, with 64 bytes of 0xa5 before and after each. As floats those are −2.9e-16. */
export class Arena {
  readonly memory = new WebAssembly.Memory({ initial: 64 });
  readonly #bytes = new Uint8Array(this.memory.buffer).fill(GUARD);
  #end = GUARD_BYTES;

  /** Room for `bytes`; a multiple of 16. */
  reserve(bytes: number): number {
    const start = this.#end;
    this.#end = Math.ceil((start + bytes) / 16) * 16 + GUARD_BYTES;
    return start;
  }

  put(values: Operand): number {
    const start = this.reserve(values.byteLength);
    this.#bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), start);
    return start;
  }

  floats(start: number, count: number): Float32Array {
    return new Float32Array(this.memory.buffer, start, count).slice();
  }

  bytes(start: number, count: number): Uint8Array {
    return this.#bytes.slice(start, start + count);
  }

  /** Nothing but `bytes` at `start` may have changed around it. */
  assertGuarded(start: number, bytes: number, what: string): void {
    for (let i = 1; i <= GUARD_BYTES; i++)
      for (const at of [start - i, start + bytes + i - 1])
        assert.equal(this.#bytes[at], GUARD, `${what}: byte ${at - start} of ${bytes} was written`);
  }

  /** Nothing may have been written there. */
  assertGap(start: number, bytes: number, what: string): void {
    for (let i = 0; i < bytes; i++)
      assert.equal(this.#bytes[start + i], GUARD, `${what}: byte ${i} of a gap was written`);
  }

  /** Frees the operand put last. */
  release(start: number): void {
    this.#bytes.fill(GUARD, start, this.#end);
    this.#end = start;
  }

  /** Frees all operands. */
  reset(): void {
    this.#bytes.fill(GUARD, 0, this.#end);
    this.#end = GUARD_BYTES;
  }
}

/** The kernels that `add` puts into a module, on the arena's memory. */
export function instantiate(arena: Arena, add: (module: ModuleBuilder) => void): KernelFunctions {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1 });
  add(module);
  const compiled = new WebAssembly.Module(module.toBytes());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory: arena.memory } });
  return exports as unknown as KernelFunctions;
}

/** Reproducible numbers in [0, 1): a multiplicative congruential generator. */
export function createRandom(seed: number): () => number {
  let state = seed % 2147483647 || 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** `count` floats around 0, evenly spread over ±range. */
export function randomFloats(random: () => number, count: number, range = 1): Float32Array {
  return Float32Array.from({ length: count }, () => (2 * random() - 1) * range);
}

/** The same bits, any NaN being the same as any other. */
export function assertSameBits(found: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(found.length, expected.length, what);
  for (let i = 0; i < found.length; i++)
    if (!Object.is(found[i], expected[i]))
      assert.fail(`${what}: value ${i} is ${found[i]}, expected ${expected[i]}`);
}
