// Elements as a packed file stores them: little endian, 16-bit floats in two bytes, 4-bit integers two a byte.
// In memory (`tensor/`) the last two are wider. Every host with WebAssembly is little endian.

import { type DType, fileBytes, type TypedArray, traits } from "../tensor/dtype.ts";
import { allocate, sizeOf, Tensor } from "../tensor/tensor.ts";

/** Whether a file's bytes are the memory's. */
export function isPlain(dtype: DType): boolean {
  return traits(dtype).bits === 8 * traits(dtype).array.BYTES_PER_ELEMENT;
}

/** The bytes of a tensor in a file; the tensor's own memory where nothing has to be converted. */
export function encodeElements({ dtype, data }: Tensor): Uint8Array {
  if (isPlain(dtype)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (dtype === "float16") return new Uint8Array(Uint16Array.from(data as Float32Array, narrowToHalf).buffer);
  const nibbles = new Uint8Array(fileBytes(dtype, data.length));
  for (let i = 0; i < data.length; i++) nibbles[i >> 1] |= (Number(data[i]) & 15) << ((i & 1) * 4);
  return nibbles;
}

/** The tensor in a file's bytes: a view of them where they are aligned and need no conversion, else a copy. */
export function decodeElements(dtype: DType, dims: readonly number[], bytes: Uint8Array): Tensor {
  const elements = sizeOf(dims);
  return new Tensor(
    dtype,
    isPlain(dtype) ? plain(dtype, bytes, elements) : widen(dtype, bytes, elements),
    dims,
  );
}

function plain(dtype: DType, bytes: Uint8Array, elements: number): TypedArray {
  const { array } = traits(dtype);
  // Not slice(), which for a Node Buffer is a view.
  const aligned = bytes.byteOffset % array.BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  return new array(aligned.buffer, aligned.byteOffset, elements);
}

function widen(dtype: DType, bytes: Uint8Array, elements: number): TypedArray {
  const data = allocate(dtype, elements) as Float32Array | Int8Array | Uint8Array;
  for (let i = 0; i < elements; i++) {
    const nibble = (bytes[i >> 1] >> ((i & 1) * 4)) & 15;
    data[i] =
      dtype === "float16"
        ? widenHalf(bytes[2 * i] | (bytes[2 * i + 1] << 8))
        : dtype === "int4"
          ? (nibble << 28) >> 28
          : nibble;
  }
  return data;
}

/** IEEE half precision: sign, 5 bits of exponent (bias 15), 10 of fraction. */
function widenHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
}

/** The nearest number that 16 bits hold. */
export function roundToHalf(value: number): number {
  return widenHalf(narrowToHalf(value));
}

/** The nearest half; ties to even, infinity from 65520 on. */
function narrowToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Steps of 2^-24 below 2^-14, above that 1024 steps from each power of two to the next; a value that rounds
  // up to a power of two carries into the exponent by itself.
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const steps = roundHalfToEven(size * 2 ** (10 - exponent));
  return sign | (steps + (exponent + 14) * 1024);
}

function roundHalfToEven(x: number): number {
  const floor = Math.floor(x);
  return x - floor > 0.5 || (x - floor === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
