// TensorProto → tensor. Elements are counted against the dimensions before anything is allocated: a file may leave out
// the elements that repeat the last one, and so name far more than it holds.

import { OctavoxError } from "../../errors.ts";
import { type DType, type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate, fromNumbers, Tensor } from "../../tensor/tensor.ts";
import type { TensorProto, TensorShapeProto } from "./graphdef_pb.ts";

/** DataType of tensorflow/core/framework/types.proto → how the file holds it. 32-bit integers are widened below. */
const types: Readonly<Record<number, { dtype: DType; list: (proto: TensorProto) => Numbers }>> = {
  1: { dtype: "float32", list: ({ floatVal }) => floatVal },
  2: { dtype: "float64", list: ({ doubleVal }) => doubleVal },
  3: { dtype: "int32", list: ({ intVal }) => intVal },
  4: { dtype: "uint8", list: ({ intVal }) => intVal },
  6: { dtype: "int8", list: ({ intVal }) => intVal },
  9: { dtype: "int64", list: ({ int64Val }) => int64Val },
  10: { dtype: "bool", list: ({ boolVal }) => boolVal },
};

type Numbers = readonly (number | bigint | boolean)[];

/** Most elements that may be left out of a file, all constants together: 64 MB of floats. */
export const MOST_REPEATED = 1 << 24;

/** How many more elements may be made than the file holds. */
export interface Allowance {
  left: number;
}

/** octavox's name of an element type; ONNX's sizes and indices are int64, so TensorFlow's int32 is too. */
export function typeName(type: number): DType | undefined {
  const dtype = Object.hasOwn(types, type) ? types[type].dtype : undefined;
  return dtype === "int32" ? "int64" : dtype;
}

/** Sizes, −1 for one that is open; undefined when not even the rank is known. */
export function shapeOf(proto: TensorShapeProto | undefined): number[] | undefined {
  return proto && !proto.unknownRank ? proto.dim.map(({ size }) => Number(size)) : undefined;
}

/** @throws OctavoxError `format` when elements and dimensions do not agree, `unsupported` for other types */
export function convertTensor(proto: TensorProto, name: string, allowance: Allowance): Tensor {
  const type = Object.hasOwn(types, proto.dtype) ? types[proto.dtype] : undefined;
  if (!type)
    throw new OctavoxError("unsupported", `constant "${name}"`, {
      expected: "an element type octavox has",
      found: `TensorFlow's type number ${proto.dtype}`,
    });
  const dims = shapeOf(proto.tensorShape) ?? [];
  const elements = count(dims, name);
  const { dtype } = type;
  const tensor =
    proto.tensorContent.length > 0
      ? fromBytes(dtype, proto.tensorContent, elements, dims, name)
      : fromList(dtype, type.list(proto), elements, dims, { name, allowance });
  return dtype === "int32" ? new Tensor("int64", tensor.numbers(), dims) : tensor;
}

function count(dims: readonly number[], name: string): number {
  const elements = dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
  if (dims.every((dim) => dim >= 0) && elements <= Number.MAX_SAFE_INTEGER) return elements;
  throw new OctavoxError("format", `constant "${name}"`, {
    expected: "known sizes, fewer than 2⁵³ elements",
    found: `[${dims.slice(0, 8).join(", ")}${dims.length > 8 ? ", …" : ""}]`,
  });
}

/** Little-endian, dense. */
function fromBytes(
  dtype: DType,
  bytes: Uint8Array,
  elements: number,
  dims: readonly number[],
  name: string,
): Tensor {
  const length = (elements * traits(dtype).bits) / 8;
  const size = dtype === "bool" ? elements : length;
  if (bytes.length !== size)
    throw new OctavoxError("format", `constant "${name}"`, {
      expected: `${size} bytes for ${elements} elements of ${dtype}`,
      found: `${bytes.length}`,
    });
  // A copy: the file's bytes lie at any offset, typed arrays only at multiples of their element size.
  const copy = new Uint8Array(bytes);
  const data = new (traits(dtype).array)(copy.buffer, 0, elements) as TypedArray;
  return new Tensor(dtype, data as never, dims);
}

/** Elements after the list's last one are like it; without a list they are 0. */
function fromList(
  dtype: DType,
  list: Numbers,
  elements: number,
  dims: readonly number[],
  { name, allowance }: { name: string; allowance: Allowance },
): Tensor {
  allowance.left -= Math.max(0, elements - list.length);
  if (list.length > elements || allowance.left < 0)
    throw new OctavoxError("format", `constant "${name}"`, {
      expected: `as many values as its sizes [${dims.join(", ")}] say`,
      found: `${list.length}`,
    });
  if (list.length === elements) return new Tensor(dtype, fromNumbers(dtype, list.map(Number)) as never, dims);
  const data = allocate(dtype, elements) as TypedArray;
  const values = fromNumbers(dtype, list.map(Number)) as TypedArray;
  data.set(values as never);
  const last = values[values.length - 1];
  if (last !== undefined) data.fill(last as never, values.length);
  return new Tensor(dtype, data as never, dims);
}
