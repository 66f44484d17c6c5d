// What the steps of the ladder share: one product C[m, n] = A[m, k] · B[k, n] of bytes, and the memory it lies in. The
// sizes are multiples of every tile, and no sum passes 2²⁴, so that float32 holds all of them exactly: every step
// must give the same integers.

import { type Code, type FunctionBuilder, type Local, ModuleBuilder } from "../../src/wasm/index.ts";
import type { Job, Values } from "../contest/task.ts";

export interface Operands {
  readonly a: Uint8Array;
  readonly b: Int8Array;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export interface Step {
  readonly title: string;
  /** What is new, and why it helps. */
  readonly why: string;
  /** Undefined where the host cannot run it. */
  make(operands: Operands): Job | undefined;
}

/** Pointers to A, B and C, and the sizes. */
export type Pointers = { readonly [K in "a" | "b" | "c" | "m" | "n" | "k"]: Local<"i32"> };

export interface Kernel {
  /** A and B as the kernel reads them. */
  readonly a: Values;
  readonly b: Values;
  /** What C is made of. */
  readonly c: Float32ArrayConstructor | Int32ArrayConstructor;
  code(f: FunctionBuilder<"none">, p: Pointers): Code;
}

/** Compiles a kernel, lays its operands out, and makes a job of it. */
export function kernelJob({ m, n, k }: Operands, { a, b, c: Type, code }: Kernel): Job {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1 });
  const params = { a: "i32", b: "i32", c: "i32", m: "i32", n: "i32", k: "i32" } as const;
  module.func("product", { params }, code);
  const memory = new WebAssembly.Memory({ initial: 256 });
  const put = (values: Values, at: number) => {
    new Uint8Array(memory.buffer).set(new Uint8Array(values.buffer), at);
    return Math.ceil((at + values.byteLength + 64) / 64) * 64;
  };
  const atA = 64;
  const atB = put(a, atA);
  const atC = put(b, atB);
  const compiled = new WebAssembly.Module(module.toBytes());
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
  const product = exports.product as (...pointersAndSizes: number[]) => void;
  return {
    run: () => product(atA, atB, atC, m, n, k),
    result: () => Int32Array.from(new Type(memory.buffer, atC, m * n)),
  };
}
