// Attention in 16-bit integers, the beginning: floats to integers, laid out for dot products of pairs.
//
// Packed keys: panels of 8 keys; in a panel, pairs of a key's values, [pair][key][2]. Packed values: pairs of keys,
// [pair][column][2]. One dot instruction thus multiplies pairs of 4 keys, or of 4 columns.

import { QUERY, SMALLEST } from "../tensor/attention-scales.ts";
import {
  type Expr,
  f32,
  f32x4,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../wasm/index.ts";
import { type Address, advance, eachVector, Lanes, shuffle32, VECTOR, type Vector } from "./vectors.ts";

/** Keys of a panel, bytes of one of its pairs. */
export const PANEL = 8;
export const PAIRS = 2 * VECTOR;

/** limit / max; 0 for a max that is as good as 0. */
export function inverseOf(limit: Expr<"f32"> | Local<"f32">, max: Local<"f32">): Expr<"f32"> {
  return select(f32.div(limit, max), f32.const(0), f32.ge(max, SMALLEST));
}

/** round(x · inverse) as int32; what 16 bits do not hold saturates when it is narrowed. */
export function toIntegers(x: Vector, inverse: Local<"v128">): Expr<"v128"> {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(x, inverse)));
}

/** The largest magnitude of `rows` rows of n ≥ 1 floats; NaN if there is one. */
export function addLargest(module: ModuleBuilder) {
  const own = { x: "i32", stride: "i32", rows: "i32", n: "i32" } as const;
  return module.func("largest_magnitude", { params: own, result: "f32", exported: false }, (f, p) => {
    const [max, at, left] = [f.local("v128", "max"), f.local("i32", "at"), f.local("i32", "left")];
    const lanes = new Lanes(f);
    const walk = eachVector(f, at, left, lanes, (value, inside) =>
      max.set(f32x4.max(max, v128.and(f32x4.abs(value), inside))),
    );
    const [m0, m1, m2, m3] = ([0, 1, 2, 3] as const).map((lane) => f32x4.extract_lane(max, lane));
    return [
      max.set(v128.const("f32x4", 0)),
      f.while(p.rows, () => [
        [at.set(p.x), left.set(p.n)],
        walk,
        [p.x.set(i32.add(p.x, p.stride)), p.rows.set(i32.sub(p.rows, 1))],
      ]),
      f.return(f32.max(f32.max(m0, m1), f32.max(m2, m3))),
    ];
  });
}

const packing = { x: "i32", stride: "i32", rows: "i32", n: "i32", y: "i32", inverse: "f32" } as const;

/** Addresses of `count` rows from `row` on; beyond the last, the last again. */
function rowsFrom(
  p: { x: Address; stride: Address; rows: Address },
  row: Address,
  targets: readonly Address[],
) {
  const last = i32.sub(p.rows, 1);
  return targets.map((target, lane) => {
    const position = i32.add(row, lane);
    return target.set(i32.add(p.x, i32.mul(select(position, last, i32.lt_s(position, last)), p.stride)));
  });
}

/** Rows of n floats → panels of 8 keys. What is read past a row's end meets zeros of the queries. */
export function addPackKeys(module: ModuleBuilder) {
  return module.func("pack_keys_i16", { params: packing, exported: false }, (f, p) => {
    const [row, left] = [f.local("i32", "row"), f.local("i32", "left")];
    const keys = f.locals("i32", PANEL, "key") as Address[];
    const [inverse, ab, cd] = f.locals("v128", 3) as [Local<"v128">, Local<"v128">, Local<"v128">];
    const integers = (key: Address) => toIntegers(v128.load(key), inverse);
    const half = (first: number) => {
      const [a, b, c, d] = keys.slice(first, first + 4).map(integers);
      const offset = first * 4;
      return [
        [ab.set(i16x8.narrow_i32x4_s(a, b)), cd.set(i16x8.narrow_i32x4_s(c, d))],
        v128.store(p.y, shuffle32(ab, cd, [0, 2, 4, 6]), { offset }),
        v128.store(p.y, shuffle32(ab, cd, [1, 3, 5, 7]), { offset: offset + PAIRS }),
      ];
    };
    return [
      inverse.set(f32x4.splat(p.inverse)),
      f.for(row, 0, p.rows, PANEL, () => [
        rowsFrom(p, row, keys),
        left.set(p.n),
        f.while(i32.gt_s(left, 0), () => [
          [half(0), half(4)],
          [advance(keys, VECTOR), p.y.set(i32.add(p.y, 2 * PAIRS)), left.set(i32.sub(left, 4))],
        ]),
      ]),
    ];
  });
}

/** Rows of n floats → pairs of keys, up to whole panels. What is past a row's end is never stored. */
export function addPackValues(module: ModuleBuilder) {
  return module.func("pack_values_i16", { params: packing, exported: false }, (f, p) => {
    const [row, left] = [f.local("i32", "row"), f.local("i32", "left")];
    const keys = f.locals("i32", PANEL, "key") as Address[];
    const [inverse, pair] = [f.local("v128", "inverse"), f.local("v128", "pair")];
    const pairs = Array.from({ length: PANEL / 2 }, (_, i) => keys.slice(2 * i, 2 * i + 2));
    const rowBytes = i32.shl(i32.and(i32.add(p.n, 3), -4), 2);
    const to = f.locals("i32", pairs.length, "to") as Address[];
    const pack = pairs.map(([a, b], i) => {
      const [even, odd] = [a, b].map((key) => toIntegers(v128.load(key), inverse));
      const both = i16x8.narrow_i32x4_s(even, odd);
      // a0 a1 a2 a3 b0 b1 b2 b3 → a0 b0 a1 b1 a2 b2 a3 b3
      return [pair.set(both), v128.store(to[i], interleaved(pair))];
    });
    return [
      inverse.set(f32x4.splat(p.inverse)),
      f.for(row, 0, p.rows, PANEL, () => [
        rowsFrom(p, row, keys),
        to.map((target, i) => target.set(i === 0 ? p.y : i32.add(to[i - 1], rowBytes))),
        left.set(p.n),
        f.while(i32.gt_s(left, 0), () => [
          pack,
          [advance(keys, VECTOR), advance(to, VECTOR), left.set(i32.sub(left, 4))],
        ]),
        p.y.set(i32.add(p.y, i32.shl(rowBytes, 2))),
      ]),
    ];
  });
}

/** The lower four 16-bit lanes, and after each the one of the upper four. */
function interleaved(x: Local<"v128">): Expr<"v128"> {
  const lanes = [0, 4, 1, 5, 2, 6, 3, 7];
  return i8x16.shuffle(
    x,
    x,
    lanes.flatMap((lane) => [2 * lane, 2 * lane + 1]),
  );
}

/** A row of n floats → at y, what a dot product with packed keys is to be multiplied by; 16 bytes on, integers. */
export function addQuantizeRow(module: ModuleBuilder, largest: ReturnType<typeof addLargest>) {
  const own = { x: "i32", n: "i32", y: "i32", keyScale: "f32", scale: "f32" } as const;
  return module.func("quantize_query_i16", { params: own, exported: false }, (f, { x, n, y, ...p }) => {
    const [max, inverse, whole] = [
      f.local("f32", "max"),
      f.local("v128", "inverse"),
      f.local("v128", "whole"),
    ];
    const lanes = new Lanes(f);
    const walk = eachVector(f, x, n, lanes, (value, inside) => [
      whole.set(v128.and(toIntegers(value, inverse), inside)),
      whole.set(i16x8.narrow_i32x4_s(whole, whole)),
      v128.store64_lane(y, whole, 0, { offset: VECTOR }),
      y.set(i32.add(y, VECTOR / 2)),
    ]);
    return [
      max.set(largest.call({ x, stride: 0, rows: 1, n })),
      inverse.set(f32x4.splat(inverseOf(f32.const(QUERY), max))),
      f32.store(y, f32.mul(f32.mul(f32.div(max, QUERY), p.keyScale), p.scale)),
      walk,
    ];
  });
}
