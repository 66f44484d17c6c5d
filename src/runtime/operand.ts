// A value as a step of a plan sees it: where it lies, and its type and sizes.

import { type Dim, evaluate } from "../model/dim.ts";
import { type DType, elementBytes } from "../tensor/dtype.ts";

/** Lengths of the states at the moment of a run, by the name of the size. */
export type Lengths = Map<string, number>;

export interface Operand {
  name: string;
  dtype: DType;
  /** Numbers, except sizes that depend on how long a state has become. */
  dims: readonly Dim[];
  /** Byte offset in the engine's memory; 0 until memory is assigned. */
  readonly pointer: number;
}

/** The sizes of an operand when all are numbers. */
export function fixedDims(operand: Operand | undefined): readonly number[] | undefined {
  return operand?.dims.every((dim) => typeof dim === "number")
    ? (operand.dims as readonly number[])
    : undefined;
}

export function isScalar(operand: Operand | undefined): boolean {
  return fixedDims(operand)?.every((dim) => dim === 1) ?? false;
}

/** Whether an operand has one value for each of `count`; one that is left out has. */
export function isVectorOf(operand: Operand | undefined, count: number): boolean {
  return operand === undefined || (operand.dims.length === 1 && operand.dims[0] === count);
}

export function dimNow(dim: Dim, lengths: Lengths): number {
  return typeof dim === "number" ? dim : evaluate(dim, lengths);
}

export function dimsNow(operand: Operand, lengths: Lengths): number[] {
  return operand.dims.map((dim) => dimNow(dim, lengths));
}

export function elementsNow(operand: Operand, lengths: Lengths): number {
  return dimsNow(operand, lengths).reduce((product, dim) => product * dim, 1);
}

export function bytesNow(operand: Operand, lengths: Lengths): number {
  return elementsNow(operand, lengths) * elementBytes(operand.dtype);
}
