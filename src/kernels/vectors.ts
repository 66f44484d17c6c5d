// What the float kernels are put together from: expressions over four lanes with their constants kept out
// of the loop, walks along n floats with a partial last vector, and the sums that the reference defines.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32,
  f32x4,
  i8x16,
  i32,
  i32x4,
  type Local,
  v128,
} from "../wasm/index.ts";

export type Address = Local<"i32">;
export type Vector = Expr<"v128"> | Local<"v128">;
/** A formula over lanes; it may keep parts of itself in locals. */
export type Formula = (lanes: Lanes, ...operands: Local<"v128">[]) => Vector;

/** Bytes of a vector and of a float. */
export const VECTOR = 16;
export const FLOAT = 4;

/** Bits of the float 1.5·2²³: subtracting them from a number rounded by it leaves the integer. */
export const ROUNDER_BITS = 0x4b400000;

/**
 * Collects the statements of a formula. A constant is set once, in `constants`, which belong before the
 * loop: engines build a vector constant anew, in several instructions, wherever it stands.
 */
export class Lanes {
  readonly constants: Code[] = [];
  readonly #f: FunctionBuilder;
  readonly #byName = new Map<string, Local<"v128">>();
  #code: Code[] = [];

  constructor(f: FunctionBuilder) {
    this.#f = f;
  }

  /** A float32 in every lane. */
  float(value: number): Local<"v128"> {
    return this.#constant("f32x4", [value]);
  }

  /** An int32 in every lane, or one for each. */
  int(...values: number[]): Local<"v128"> {
    return this.#constant("i32x4", values);
  }

  #constant(shape: "f32x4" | "i32x4", values: number[]): Local<"v128"> {
    const name = `${shape} ${values}`;
    const known = this.#byName.get(name);
    if (known) return known;
    const local = this.#f.local("v128");
    this.#byName.set(name, local);
    this.constants.push(local.set(v128.const(shape, ...values)));
    return local;
  }

  /** Computes a value here, to be used more than once. */
  keep(value: Vector): Local<"v128"> {
    const local = this.#f.local("v128");
    this.#code.push(local.set(value));
    return local;
  }

  /** The statements kept since the last call. */
  take(): Code[] {
    const code = this.#code;
    this.#code = [];
    return code;
  }
}

/** Stores the first `count` (1…3) lanes. */
export function storePartial(
  f: FunctionBuilder,
  address: Address,
  value: Local<"v128">,
  count: Local<"i32">,
): Code {
  return f.if(
    i32.and(count, 2),
    () => [
      v128.store64_lane(address, value, 0),
      f.if(i32.and(count, 1), () => v128.store32_lane(address, value, 2, { offset: 8 })),
    ],
    () => v128.store32_lane(address, value, 0),
  );
}

/** Stores the first `count` bytes, all 16 if there are more; `value` is used up. */
export function storeUpTo(
  f: FunctionBuilder,
  address: Address,
  value: Local<"v128">,
  count: Local<"i32">,
): Code {
  const at = f.local("i32", "store_at");
  const rest = (bytes: number): Code => [
    value.set(
      i8x16.shuffle(
        value,
        value,
        Array.from({ length: VECTOR }, (_, i) => (i + bytes) % VECTOR),
      ),
    ),
    at.set(i32.add(at, bytes)),
  ];
  return f.if(
    i32.ge_s(count, VECTOR),
    () => v128.store(address, value),
    () => [
      at.set(address),
      f.if(i32.and(count, 8), () => [v128.store64_lane(at, value, 0), rest(8)]),
      f.if(i32.and(count, 4), () => [v128.store32_lane(at, value, 0), rest(4)]),
      f.if(i32.and(count, 2), () => [v128.store16_lane(at, value, 0), rest(2)]),
      f.if(i32.and(count, 1), () => v128.store8_lane(at, value, 0)),
    ],
  );
}

/** Adds `bytes` to each address. */
export function advance(addresses: readonly Address[], bytes: Local<"i32"> | number): Code {
  return addresses.map((address) => address.set(i32.add(address, bytes)));
}

/**
 * y[i] = formula(x₀[i], x₁[i], …) for n floats. Uses up the addresses and n. Up to 12 bytes past the end
 * of the sources are read.
 */
export function mapVectors(
  f: FunctionBuilder,
  sources: readonly Address[],
  y: Address,
  n: Local<"i32">,
  lanes: Lanes,
  formula: (...operands: Local<"v128">[]) => Vector,
): Code {
  const operands = sources.map((source) => lanes.keep(v128.load(source)));
  const result = lanes.keep(formula(...operands));
  const step = lanes.take();
  const walk = f.block((done) => [
    done.brIf(i32.le_s(n, 0)),
    f.loop((again) => [
      step,
      f.if(i32.lt_s(n, 4), () => [storePartial(f, y, result, n), done.br()]),
      v128.store(y, result),
      advance([...new Set([...sources, y])], VECTOR),
      n.set(i32.sub(n, 4)),
      again.brIf(i32.gt_s(n, 0)),
    ]),
  ]);
  return [lanes.constants, walk];
}

/**
 * Runs `step` on every vector of n floats at x, n ≥ 1. `inside` has all bits set in the lanes that are
 * among the n. Uses up x and n.
 */
export function eachVector(
  f: FunctionBuilder,
  x: Address,
  n: Local<"i32">,
  lanes: Lanes,
  step: (value: Local<"v128">, inside: Local<"v128">) => Code,
): Code {
  const value = lanes.keep(v128.load(x));
  const inside = lanes.keep(i32x4.gt_s(i32x4.splat(n), lanes.int(0, 1, 2, 3)));
  const code = step(value, inside);
  const body = [lanes.take(), code];
  const next = [advance([x], VECTOR), n.set(i32.sub(n, 4))];
  return [lanes.constants, f.loop((again) => [body, next, again.brIf(i32.gt_s(n, 0))])];
}

/** (s0 + s1) + (s2 + s3) */
export function joinSums(sums: Local<"v128">): Expr<"f32"> {
  const [s0, s1, s2, s3] = ([0, 1, 2, 3] as const).map((lane) => f32x4.extract_lane(sums, lane));
  return f32.add(f32.add(s0, s1), f32.add(s2, s3));
}

/** Lanes of two vectors chosen by number: 0…3 from a, 4…7 from b. */
export function shuffle32(
  a: Vector,
  b: Vector,
  lanes: readonly [number, number, number, number],
): Expr<"v128"> {
  return i8x16.shuffle(
    a,
    b,
    lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)),
  );
}
