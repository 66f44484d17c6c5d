// The ways to multiply 4 unsigned activations with 4×4 signed weights (4 of K, 4 columns) and add the four
// sums to an accumulator: one value for each kind of host. A product kernel takes one of them.

import { type Expr, i8x16, i16x8, i32x4, type Local, type Statement, v128 } from "../wasm/index.ts";

/** "plain" is exact everywhere; the others name what the relaxed dot of the host does (`RelaxedDot`). */
export type DotName = "plain" | "u8s8" | "s8s8";

export interface Dot {
  /** The word for it in a kernel's name. */
  readonly word: string;
  /** Vectors that hold the weights of 4 columns, and as many accumulators or fewer. */
  readonly weightVectors: number;
  readonly accumulators: number;
  /** What the activations are less than their true values: its product with the column sums is added. */
  readonly shift: number;
  /** 16 bytes of a panel (`layout.ts`) at `address + offset`. */
  weights(address: Local<"i32">, offset: number): Expr<"v128">[];
  /** The same from a vector of such bytes. */
  spread(bytes: Expr<"v128">): Expr<"v128">[];
  /** 4 bytes of a row at `address + offset`, repeated. */
  activations(address: Local<"i32">, offset: number): Expr<"v128">;
  /** 4 bytes of each of 4 channels, that many of each channel's values: as vectors that go with the weights'. */
  channels(bytes: Local<"v128">): Expr<"v128">[];
  add(sums: readonly Local<"v128">[], a: Local<"v128">, weights: readonly Local<"v128">[]): Statement[];
  /** The same with activations of their own for each column: `a` is what `channels` gave. */
  addEach(
    sums: readonly Local<"v128">[],
    a: readonly Expr<"v128">[],
    weights: readonly Expr<"v128">[],
  ): Statement[];
  /** The accumulators as one vector of 4 columns. */
  join(sums: readonly Local<"v128">[]): Expr<"v128">;
}

const relaxed: Dot = {
  word: "relaxed",
  weightVectors: 1,
  accumulators: 1,
  shift: 0,
  weights: (address, offset) => [v128.load(address, { offset })],
  spread: (bytes) => [bytes],
  activations: (address, offset) => v128.load32_splat(address, { offset }),
  channels: (bytes) => [bytes.get],
  addEach: ([sum], [a], [weights]) => [sum.set(i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, a, sum))],
  add: ([sum], a, [weights]) => [sum.set(i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, a, sum))],
  join: ([sum]) => sum.get,
};

/** Activations as signed bytes, x − 128 = x xor 0x80: Σ x·w = Σ (x − 128)·w + 128·Σ w. */
const relaxedSigned: Dot = {
  ...relaxed,
  word: "relaxed_signed",
  shift: 128,
  activations: (address, offset) =>
    v128.xor(v128.load32_splat(address, { offset }), v128.const("i8x16", -128)),
  channels: (bytes) => [v128.xor(bytes, v128.const("i8x16", -128))],
};

/** Both widened to 16 bits; a lane sums two of K, so that two lanes make a column: c0 c0 c1 c1 | c2 c2 c3 c3. */
const plain: Dot = {
  word: "plain",
  weightVectors: 2,
  accumulators: 2,
  shift: 0,
  weights: (address, offset) => [
    v128.load8x8_s(address, { offset }),
    v128.load8x8_s(address, { offset: offset + 8 }),
  ],
  spread: (bytes) => [i16x8.extend_low_i8x16_s(bytes), i16x8.extend_high_i8x16_s(bytes)],
  activations: (address, offset) => i16x8.extend_low_i8x16_u(v128.load32_splat(address, { offset })),
  channels: (bytes) => [i16x8.extend_low_i8x16_u(bytes), i16x8.extend_high_i8x16_u(bytes)],
  addEach: (sums, a, weights) =>
    sums.map((sum, i) => sum.set(i32x4.add(sum, i32x4.dot_i16x8_s(a[i], weights[i])))),
  add: (sums, a, weights) => sums.map((sum, i) => sum.set(i32x4.add(sum, i32x4.dot_i16x8_s(a, weights[i])))),
  join: ([low, high]) =>
    i32x4.add(i8x16.shuffle(low, high, lanes(0, 2, 4, 6)), i8x16.shuffle(low, high, lanes(1, 3, 5, 7))),
};

/** The bytes of 32-bit lanes 0…7 of two vectors. */
function lanes(...numbers: number[]): number[] {
  return numbers.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte));
}

export const dots: Record<DotName, Dot> = { plain, u8s8: relaxed, s8s8: relaxedSigned };
