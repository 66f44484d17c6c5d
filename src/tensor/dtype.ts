// Element types: their names, sizes in files, and the typed arrays that hold them in memory.

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

interface TypeTraits {
  /** Bits an element takes in a file. */
  bits: number;
  /** Array in memory. 4-bit types take a byte an element in memory; float16 is widened to float32. */
  array: {
    new (length: number): TypedArray;
    new (buffer: ArrayBufferLike, offset: number, length: number): TypedArray;
    readonly BYTES_PER_ELEMENT: number;
  };
  kind: "float" | "int" | "bool";
  /** Range of the integers the type can hold (for int64: the range in which a double is exact). */
  min: number;
  max: number;
}

export const dtypes = {
  float32: {
    bits: 32,
    array: Float32Array,
    kind: "float",
    min: -3.4028234663852886e38,
    max: 3.4028234663852886e38,
  },
  float64: { bits: 64, array: Float64Array, kind: "float", min: -Number.MAX_VALUE, max: Number.MAX_VALUE },
  float16: { bits: 16, array: Float32Array, kind: "float", min: -65504, max: 65504 },
  int4: { bits: 4, array: Int8Array, kind: "int", min: -8, max: 7 },
  uint4: { bits: 4, array: Uint8Array, kind: "int", min: 0, max: 15 },
  int8: { bits: 8, array: Int8Array, kind: "int", min: -128, max: 127 },
  uint8: { bits: 8, array: Uint8Array, kind: "int", min: 0, max: 255 },
  int16: { bits: 16, array: Int16Array, kind: "int", min: -32768, max: 32767 },
  uint16: { bits: 16, array: Uint16Array, kind: "int", min: 0, max: 65535 },
  int32: { bits: 32, array: Int32Array, kind: "int", min: -2147483648, max: 2147483647 },
  uint32: { bits: 32, array: Uint32Array, kind: "int", min: 0, max: 4294967295 },
  int64: {
    bits: 64,
    array: BigInt64Array,
    kind: "int",
    min: Number.MIN_SAFE_INTEGER,
    max: Number.MAX_SAFE_INTEGER,
  },
  uint64: { bits: 64, array: BigUint64Array, kind: "int", min: 0, max: Number.MAX_SAFE_INTEGER },
  bool: { bits: 8, array: Uint8Array, kind: "bool", min: 0, max: 1 },
} as const satisfies Record<string, TypeTraits>;

export type DType = keyof typeof dtypes;

/** The traits of a type, widened so that they can be used without knowing which type it is. */
export function traits(dtype: DType): TypeTraits {
  return dtypes[dtype];
}

/** Bytes that `elements` values of a type take in a file (4-bit values: two a byte, rounded up). */
export function fileBytes(dtype: DType, elements: number): number {
  return Math.ceil((elements * traits(dtype).bits) / 8);
}

/** Bytes an element takes in memory. */
export function elementBytes(dtype: DType): number {
  return traits(dtype).array.BYTES_PER_ELEMENT;
}
