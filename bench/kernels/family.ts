// What a family of kernels is to the bench: which shapes, how much work a call is, what goes in, what the reference
// makes of it, and how the kernel is called. The families are in `families.ts`.

import type { KernelFunctions, Pointer } from "../../src/kernels/functions.ts";
import type { Values } from "../contest/task.ts";
import type { LimitName } from "./limit.ts";
import type { Random } from "./random.ts";

export type Shape = readonly number[];
export type Operands = Readonly<Record<string, Values>>;

/** Puts operands into the kernels' memory. */
export interface Place {
  put(values: Values): Pointer;
  /** Room for so many bytes. */
  reserve(bytes: number): Pointer;
  /** What lies there now. */
  byte(at: Pointer): number;
  float(at: Pointer): number;
}

export interface Family<S extends Shape = Shape, O extends Operands = Operands> {
  readonly title: string;
  /** The file of `bench/shapes` that lists them. */
  readonly shapes: "products" | "attention" | "rows" | "depthwise" | "recurrent";
  /** What cannot be outrun; without one the work is counted in values, not in operations. */
  readonly limit?: LimitName;
  /** Operations of a call (a multiplication and an addition are two), or values that it makes. */
  work(shape: S): number;
  operands(shape: S, random: Random): O;
  reference(operands: O, shape: S): Values;
  /** What the call leaves: the element type, and how many there are. */
  readonly type: {
    new (buffer: ArrayBuffer, offset: number, count: number): Values;
    BYTES_PER_ELEMENT: number;
  };
  count(shape: S): number;
  /** Places the operands; `result` is where the call leaves what the reference returns. */
  bind(kernels: KernelFunctions, place: Place, operands: O, shape: S): { call(): void; result: Pointer };
}

/** Keeps the types of a row's operands and shape together, and lets them go. */
export function family<S extends Shape, O extends Operands>(row: Family<S, O>): Family {
  return row as unknown as Family;
}
