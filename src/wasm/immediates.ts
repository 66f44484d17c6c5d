// What follows an opcode in the binary format: constants, lanes, the offset of a load.

import type { ImmediateKind, ImmediatesOf, Instruction, MemoryArgument, Shape } from "./signature.ts";
import type { ByteWriter } from "./writer.ts";

type Write<K extends ImmediateKind> = (out: ByteWriter, values: ImmediatesOf[K], bytes: number) => void;

const writers: { [K in ImmediateKind]: Write<K> } = {
  none: () => {},
  memory: (out, [at], bytes) => writeMemoryArgument(out, at, bytes),
  lane: (out, [lane]) => out.byte(lane),
  memoryLane: (out, [lane, at], bytes) => {
    writeMemoryArgument(out, at, bytes);
    out.byte(lane);
  },
  shuffle: (out, [lanes]) => out.bytes(lanes),
  i32: (out, [value]) => out.signed(value),
  i64: (out, [value]) => out.signed64(value),
  f32: (out, [value]) => out.memoryOf(Float32Array.of(value)),
  f64: (out, [value]) => out.memoryOf(Float64Array.of(value)),
  v128: (out, [shape, ...values]) => out.memoryOf(laneArrays[shape](laneValues(shape, values))),
  memoryIndex: (out) => out.byte(0),
  memoryIndexes: (out) => out.bytes([0, 0]),
};

export function writeImmediates(
  out: ByteWriter,
  { immediate, bytes }: Instruction,
  values: readonly unknown[],
): void {
  (writers[immediate] as (out: ByteWriter, values: readonly unknown[], bytes: number) => void)(
    out,
    values,
    bytes,
  );
}

/** The alignment is written as a power of two. */
function writeMemoryArgument(out: ByteWriter, at: MemoryArgument | undefined, bytes: number): void {
  out.byte(Math.log2(at?.align ?? bytes));
  out.unsigned(at?.offset ?? 0);
}

const laneArrays = {
  i8x16: (values: number[]) => Int8Array.from(values),
  i16x8: (values: number[]) => Int16Array.from(values),
  i32x4: (values: number[]) => Int32Array.from(values),
  i64x2: (values: number[]) => BigInt64Array.from(values.map(BigInt)),
  f32x4: (values: number[]) => Float32Array.from(values),
  f64x2: (values: number[]) => Float64Array.from(values),
};

/** The values of every lane: those given, repeated. */
export function laneValues(shape: Shape, values: readonly number[]): number[] {
  const lanes = Number(shape.split("x")[1]);
  return Array.from({ length: lanes }, (_, i) => values[i % values.length]);
}
