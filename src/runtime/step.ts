// What a plan is made of. A step is one call (or a few) of kernels on fixed addresses; a binder turns a node of
// the graph into its step, and is the only place where an operator and a kernel meet.

import type { KernelFunctions } from "../kernels/functions.ts";
import type { Dim } from "../model/dim.ts";
import type { Node } from "../model/graph.ts";
import type { TypedArray } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Lengths, Operand } from "./operand.ts";

/** The engine's memory as typed arrays; made anew whenever the memory has grown. */
export interface Views {
  f32: Float32Array;
  i32: Int32Array;
  u8: Uint8Array;
  i8: Int8Array;
}

export interface RunContext {
  views: Views;
  lengths: Lengths;
}

export type Step = (context: RunContext) => void;

/** A constant matrix as the integer kernels read it: pointers, all of length N but the panels. */
export interface PreparedMatrix {
  panels: number;
  k: number;
  n: number;
  sums: number;
  scales: number;
  /** 0 when every zero point is 0. */
  zeros: number;
}

/** The same of 4-bit weights in blocks of `block` along K. */
export interface PreparedBlocks {
  panels: number;
  k: number;
  n: number;
  block: number;
  /** Scales and sums of the blocks, as `packBlocks` of the kernels' layout makes them. */
  records: number;
}

/** A node with its operands in place. */
export interface Site {
  node: Node;
  inputs: readonly (Operand | undefined)[];
  outputs: readonly Operand[];
  kernels: KernelFunctions;
  /** How many threads share the kernels' work. */
  threads: number;
  /** Bytes asked for by the binder's `scratch`, free after the step. */
  scratch: number;
  /** The most a size can be before the plan is made anew. */
  bound(dim: Dim): number;
  /** An input that is a constant of the model. */
  constant(index: number): Tensor | undefined;
  /** The matrix made of constant inputs: B, its scale (1 if there is none) and its zero point (0). */
  matrix(b: number, scale: number | undefined, zero: number | undefined): PreparedMatrix | undefined;
  /** Where the array lies that `make` makes of constants; made once for equal constants and `kind`. */
  derived(kind: string, from: readonly Tensor[], make: () => TypedArray): number;
  /** Where the constant float32 matrix of an input lies in panels. */
  floats(index: number): number | undefined;
  /** The 4-bit matrix of constant inputs, B and its scales, in blocks of the node's attribute `block`. */
  blocks(b: number, scales: number): PreparedBlocks | undefined;
}

export interface Binder {
  /** Bytes of scratch memory the step needs (asked before memory is assigned: no pointers yet). */
  scratch?(site: Site): number;
  /** The step, or undefined when the kernels do not cover this case: the reference then runs the node. */
  bind(site: Site): Step | undefined;
}

/** Rows and row length of a dense tensor seen as a matrix. */
export function asRows(dims: readonly number[]): { rows: number; width: number } {
  const width = dims.at(-1) ?? 1;
  return { rows: dims.slice(0, -1).reduce((product, dim) => product * dim, 1), width };
}
