// What an operator's function is, and what it may ask of the node it is called for: attributes with their
// defaults, required inputs, axes counted from the front, and an error that names node and shapes.

import { OctavoxError } from "../../errors.ts";
import type { Graph, Node } from "../../model/graph.ts";
import { onnxTypeName, onnxTypes } from "../../model/onnx-types.ts";
import { type DType, dtypes, type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate, sizeOf, Tensor } from "../../tensor/tensor.ts";

export interface OperatorContext {
  node: Node;
  opset: number;
  /** Runs a subgraph with the values visible here (for If, Loop). */
  runGraph(graph: Graph, inputs: readonly (Tensor | undefined)[]): Tensor[];
}

export type Inputs = readonly (Tensor | undefined)[];

/** The outputs of a node from its inputs; an optional input left out is undefined. Inputs are never changed. */
export type ReferenceOperator = (inputs: Inputs, context: OperatorContext) => Tensor[];

export type Operators = Readonly<Record<string, ReferenceOperator>>;

/** A view of a tensor's data under the union of all arrays. */
export function dataOf(tensor: Tensor): TypedArray {
  return tensor.data as TypedArray;
}

/** Elements as numbers without a copy where they already are. */
export function numeric(tensor: Tensor): Exclude<TypedArray, BigInt64Array | BigUint64Array> | number[] {
  const data = dataOf(tensor);
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? tensor.numbers() : data;
}

/** A tensor around an array made for it. */
export function tensorOf(dtype: DType, data: ArrayLike<number | bigint>, dims: readonly number[]): Tensor {
  return new Tensor(dtype, data as never, dims);
}

/** A new tensor whose element i is `value(i)`. */
export function build(dtype: DType, dims: readonly number[], value: (i: number) => number): Tensor {
  const data = allocate(dtype, sizeOf(dims)) as TypedArray;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < data.length; i++) data[i] = BigInt(value(i));
  else for (let i = 0; i < data.length; i++) data[i] = value(i);
  return tensorOf(dtype, data, dims);
}

export function kindOf(tensor: Tensor): "float" | "int" | "bool" {
  return traits(tensor.dtype).kind;
}

/** An input that the operator cannot do without. */
export function required(inputs: Inputs, index: number, context: OperatorContext): Tensor {
  const input = inputs[index];
  if (!input) throw misfit(inputs, context, `input ${index}`, "none");
  return input;
}

/** Float32 data of a required input. */
export function floats(inputs: Inputs, index: number, context: OperatorContext): Float32Array {
  const { dtype, data } = required(inputs, index, context);
  if (!(data instanceof Float32Array)) throw misfit(inputs, context, `float32 as input ${index}`, dtype);
  return data;
}

export function numberOf({ node }: OperatorContext, name: string, otherwise: number): number {
  const value = node.attributes[name];
  return typeof value === "number" ? value : otherwise;
}

export function numbersOf({ node }: OperatorContext, name: string): readonly number[] | undefined {
  const value = node.attributes[name];
  return Array.isArray(value) ? (value as readonly number[]) : undefined;
}

export function textOf({ node }: OperatorContext, name: string, otherwise: string): string {
  const value = node.attributes[name];
  return typeof value === "string" ? value : otherwise;
}

/** An element type given by ONNX's number or octavox's name. */
export function typeOf({ node }: OperatorContext, name: string, otherwise: DType): DType {
  const value = node.attributes[name];
  if (typeof value === "string" && Object.hasOwn(dtypes, value)) return value as DType;
  if (typeof value !== "number" || value === 0) return otherwise;
  const type = onnxTypes[value];
  if (type) return type;
  throw new OctavoxError("unsupported", `${node.op} "${node.name}"`, {
    expected: "an element type octavox has",
    found: onnxTypeName(value),
  });
}

/** An axis of a value of a rank, counted from the front; `extra` more are allowed at the end. */
export function axisOf(
  axis: number,
  rank: number,
  inputs: Inputs,
  context: OperatorContext,
  extra = 0,
): number {
  const counted = axis < 0 ? axis + rank + extra : axis;
  if (!(counted >= 0 && counted < rank + extra))
    throw misfit(inputs, context, `an axis of ${rank + extra} dimensions`, `${axis}`);
  return counted;
}

/** The error for sizes or types that do not fit together. */
export function misfit(
  inputs: Inputs,
  { node }: OperatorContext,
  expected: string,
  found: string,
): OctavoxError {
  const shapes = inputs.map((input) => (input ? `${input.dtype} [${input.dims.join(", ")}]` : "none"));
  return new OctavoxError("shape", `${node.op} "${node.name}" with inputs ${shapes.join(", ") || "none"}`, {
    expected,
    found,
  });
}

/** Sizes before, at and after an axis: the tensor as [outer, size, inner]. */
export function around(
  dims: readonly number[],
  axis: number,
): { outer: number; size: number; inner: number } {
  return { outer: sizeOf(dims.slice(0, axis)), size: dims[axis], inner: sizeOf(dims.slice(axis + 1)) };
}

/** A table of operators from a table of what makes them differ. */
export function entries<T>(
  table: Readonly<Record<string, T>>,
  make: (entry: T) => ReferenceOperator,
): Operators {
  return Object.fromEntries(Object.entries(table).map(([name, entry]) => [name, make(entry)]));
}
