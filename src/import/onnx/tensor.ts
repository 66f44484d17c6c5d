// TensorProto → tensor. Whichever of ONNX's forms the elements have (raw bytes, typed lists, an external
// file), they are counted against the dimensions before anything is allocated, and copied.

import { OctavoxError } from "../../errors.ts";
import { onnxTypeName, onnxTypes } from "../../model/onnx-types.ts";
import { type DType, fileBytes, type TypedArray, traits } from "../../tensor/dtype.ts";
import { allocate, Tensor } from "../../tensor/tensor.ts";
import type { TensorProto } from "./onnx_pb.ts";

/** Bytes of a file beside the model, by its relative path; undefined when there is none. */
export type ExternalData = (location: string) => Uint8Array | undefined;

const EXTERNAL = 1;

export function convertTensor(proto: TensorProto, external: ExternalData | undefined): Tensor {
  const what = `tensor "${proto.name}"`;
  const dtype = onnxTypes[proto.dataType];
  if (dtype === undefined)
    throw new OctavoxError("unsupported", what, {
      expected: "an element type octavox has",
      found: onnxTypeName(proto.dataType),
    });
  const dims = proto.dims.map((dim) => size(dim, what));
  const elements = countElements(dims, what);
  if (proto.dataLocation === EXTERNAL)
    return new Tensor(dtype, fromBytes(dtype, externalBytes(proto, external, what), elements, what), dims);
  const typed = typedList(proto, dtype);
  const data =
    typed.values.length > 0 && proto.rawData.length === 0
      ? fromList(dtype, typed, elements, what)
      : fromBytes(dtype, proto.rawData, elements, what);
  return new Tensor(dtype, data, dims);
}

function size(dim: bigint, what: string): number {
  if (dim < 0n || dim > BigInt(Number.MAX_SAFE_INTEGER))
    throw new OctavoxError("format", what, { expected: "dimensions from 0 to 2⁵³ − 1", found: `${dim}` });
  return Number(dim);
}

function countElements(dims: readonly number[], what: string): number {
  if (dims.includes(0)) return 0;
  let product = 1;
  for (const dim of dims) {
    product *= dim;
    if (product > Number.MAX_SAFE_INTEGER)
      throw new OctavoxError(
        "format",
        `${what} of [${dims.slice(0, 8).join(", ")}${dims.length > 8 ? ", …" : ""}]`,
        {
          expected: "fewer than 2⁵³ elements",
          found: "more",
        },
      );
  }
  return product;
}

/** Raw bytes: little-endian, dense, 4-bit values two a byte with the first in the low half. */
function fromBytes(dtype: DType, bytes: Uint8Array, elements: number, what: string): TypedArray {
  const length = fileBytes(dtype, elements);
  if (bytes.length !== length)
    throw new OctavoxError("format", what, {
      expected: `${length} bytes for ${elements} elements of ${dtype}`,
      found: `${bytes.length}`,
    });
  if (traits(dtype).bits === 4) return unpackNibbles(dtype, bytes, elements);
  // A copy: the file's bytes lie at any offset, typed arrays only at multiples of their element size.
  // (Not `slice`: of a Node Buffer that is a view.)
  const copy = new Uint8Array(bytes);
  if (dtype === "float16") return widenHalves(new Uint16Array(copy.buffer, 0, elements));
  if (dtype === "bool") return copy.map((value) => (value === 0 ? 0 : 1));
  return new (traits(dtype).array)(copy.buffer, 0, elements);
}

/** Elements of a typed list, and how many of the tensor's each one holds. */
interface TypedList {
  values: readonly number[] | readonly bigint[];
  packed: number;
}

function typedList(proto: TensorProto, dtype: DType): TypedList {
  const packed = traits(dtype).bits === 4 ? 2 : 1;
  switch (dtype) {
    case "float32":
      return { values: proto.floatData, packed };
    case "float64":
      return { values: proto.doubleData, packed };
    case "int64":
      return { values: proto.int64Data, packed };
    case "uint32":
    case "uint64":
      return { values: proto.uint64Data, packed };
    default:
      return { values: proto.int32Data, packed };
  }
}

function fromList(dtype: DType, { values, packed }: TypedList, elements: number, what: string): TypedArray {
  if (values.length !== Math.ceil(elements / packed))
    throw new OctavoxError("format", what, {
      expected: `${Math.ceil(elements / packed)} values for ${elements} elements of ${dtype}`,
      found: `${values.length}`,
    });
  const { min, max } = traits(dtype);
  if (dtype === "int64") return BigInt64Array.from(values as readonly bigint[]);
  if (dtype === "uint64") return BigUint64Array.from(values as readonly bigint[]);
  const numbers = typeof values[0] === "bigint" ? Array.from(values, Number) : (values as readonly number[]);
  if (packed === 2) return unpackNibbles(dtype, Uint8Array.from(numbers), elements);
  if (dtype === "float16") return widenHalves(Uint16Array.from(numbers));
  if (dtype === "bool") return Uint8Array.from(numbers, (value) => (value === 0 ? 0 : 1));
  const outside =
    traits(dtype).kind === "int" ? numbers.find((value) => value < min || value > max) : undefined;
  if (outside !== undefined)
    throw new OctavoxError("format", what, { expected: `values of ${dtype}`, found: `${outside}` });
  const data = allocate(dtype, elements) as Float32Array;
  data.set(numbers);
  return data;
}

function unpackNibbles(dtype: DType, bytes: Uint8Array, elements: number): TypedArray {
  const data = allocate(dtype, elements) as Int8Array | Uint8Array;
  const signed = dtype === "int4";
  for (let i = 0; i < elements; i++) {
    const nibble = (bytes[i >> 1] >> ((i & 1) * 4)) & 15;
    data[i] = signed ? (nibble << 28) >> 28 : nibble;
  }
  return data;
}

/** IEEE half precision: sign, 5 bits of exponent (bias 15), 10 of fraction. */
function widenHalves(halves: Uint16Array): Float32Array {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = half & 1023;
    if (exponent === 31) return fraction ? Number.NaN : sign * Infinity;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
}

function externalBytes(proto: TensorProto, external: ExternalData | undefined, what: string): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  if (location === "" || /^[/\\]|^[a-z]+:|(^|[/\\])\.\.([/\\]|$)/i.test(location))
    throw new OctavoxError("format", `external data of ${what}`, {
      expected: "a path beside the model",
      found: JSON.stringify(location),
    });
  const file = external?.(location);
  if (!file)
    throw new OctavoxError("not-found", `${what} lies in another file, "${location}"`, {
      remedy: "Pass its bytes with the option `external: (location) => bytes`",
    });
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? file.length - offset);
  if (
    !(
      Number.isInteger(offset) &&
      Number.isInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      offset + length <= file.length
    )
  )
    throw new OctavoxError("format", `external data of ${what} in "${location}"`, {
      expected: `bytes ${offset} to ${offset + length}`,
      found: `a file of ${file.length} bytes`,
    });
  return file.subarray(offset, offset + length);
}
