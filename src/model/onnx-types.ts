// Element types by the numbers ONNX gives them: in tensors, in declared inputs, and in attributes such as
// `to` of Cast.

import type { DType } from "../tensor/dtype.ts";

/** The types octavox holds. */
export const onnxTypes: Readonly<Record<number, DType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  21: "uint4",
  22: "int4",
};

/** The types it does not, for messages. */
const otherTypes: Readonly<Record<number, string>> = {
  0: "undefined",
  8: "string",
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
  23: "float4e2m1",
  24: "float8e8m0",
};

/** What a message calls a type. */
export function onnxTypeName(type: number): string {
  return onnxTypes[type] ?? otherTypes[type] ?? `number ${type}`;
}
