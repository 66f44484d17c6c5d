// Attention in 16-bit integers, a head at a time: keys and values are packed once, then four queries at a time are
// scored, and each row of scores becomes probabilities and sums of values. The definition is
// `src/reference/integer-attention.ts`.
//
// Packed keys: panels of 8 keys; in a panel, pairs of a key's values, [pair][key][2]. Packed values: pairs of keys,
// [pair][column][2]. One dot instruction thus multiplies pairs of 4 keys, or of 4 columns.

import {
  KEYS_A_SUM,
  PROBABILITY,
  QUERY,
  SMALLEST,
  VALUE,
} from "../reference/integer-attention.ts";
import {
  type Expr,
  type FunctionBuilder,
  f32,
  f32x4,
  i16x8,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../wasm/index.ts";
import { exp } from "./math.ts";
import type { RowFunctions } from "./rows.ts";
import {
  type Address,
  advance,
  eachVector,
  FLOAT,
  Lanes,
  shuffle32,
  storePartial,
  VECTOR,
} from "./vectors.ts";

/** Keys of a panel, bytes of one of its pairs. */
const PANEL = 8;
const PAIRS = 2 * VECTOR;
/** Queries that are scored together. */
const QUERIES = 4;
/** Vectors of columns whose sums are in registers together; the first that fits is taken. */
const columnBlocks = [9, 8, 4, 1];

const fours = (n: number): number => Math.ceil(n / 4) * 4;

/** Bytes of scratch memory for one head of `tk` keys. */
export function attentionI16Scratch(tk: number, qkWidth: number, vWidth: number): number {
  const keys = Math.ceil(tk / PANEL) * PANEL;
  return 2 * keys * (fours(qkWidth) + fours(vWidth)) + QUERIES * (2 * fours(qkWidth) + 4 * keys) + 2 * keys;
}

const pointers = { q: "i32", qStride: "i32", k: "i32", kStride: "i32", v: "i32", vStride: "i32" } as const;
const sizes = { tq: "i32", tk: "i32", heads: "i32", qkWidth: "i32", vWidth: "i32" } as const;
const params = {
  ...({ ...pointers, y: "i32", yStride: "i32", ...sizes } as const),
  ...({ scale: "f32", causal: "i32", scratch: "i32", largestKey: "f32" } as const),
} as const;

export function addAttentionI16(module: ModuleBuilder, rows: RowFunctions): void {
  const largest = addLargest(module);
  const [packKeys, packValues] = [addPackKeys(module), addPackValues(module)];
  const quantize = addQuantizeRow(module, largest);
  const scores = { four: addScores(module, QUERIES), one: addScores(module, 1) };
  const probabilities = addProbabilities(module, rows);
  const values = addValues(module);
  module.func("attention_i16", { params }, (f, p) => {
    const [keys, panels, values0, query, queryBytes, score, scoreBytes, share, i, r, at] = f.locals(
      "i32",
      11,
    ) as Address[];
    const [keyMax, valueMax] = [f.local("f32"), f.local("f32")];
    const factors = f.locals("f32", QUERIES);
    const roundUp = (n: Expr<"i32">, to: number) => i32.and(i32.add(n, to - 1), -to);
    const places = [
      keys.set(roundUp(p.tk.get, PANEL)),
      panels.set(p.scratch),
      queryBytes.set(i32.shl(roundUp(p.qkWidth.get, 4), 1)),
      values0.set(i32.add(panels, i32.mul(keys, queryBytes))),
      query.set(i32.add(values0, i32.mul(keys, i32.shl(roundUp(p.vWidth.get, 4), 1)))),
      score.set(i32.add(query, i32.mul(queryBytes, QUERIES))),
      scoreBytes.set(i32.shl(keys, 2)),
      share.set(i32.add(score, i32.mul(scoreBytes, QUERIES))),
    ];
    const packHead = [
      keyMax.set(largest.call({ x: p.k, stride: p.kStride, rows: p.tk, n: p.qkWidth })),
      valueMax.set(largest.call({ x: p.v, stride: p.vStride, rows: p.tk, n: p.vWidth })),
      packKeys.call({
        ...{ x: p.k, stride: p.kStride, rows: p.tk, n: p.qkWidth, y: panels },
        inverse: inverseOf(p.largestKey, keyMax),
      }),
      packValues.call({
        ...{ x: p.v, stride: p.vStride, rows: p.tk, n: p.vWidth, y: values0 },
        inverse: inverseOf(f32.const(VALUE), valueMax),
      }),
      keyMax.set(f32.div(keyMax, p.largestKey)),
      valueMax.set(f32.div(valueMax, VALUE)),
    ];
    const quantizeQuery = (row: number) => [
      quantize.call({ x: at, n: p.qkWidth, y: i32.add(query, i32.mul(queryBytes, row)) }),
    ];
    const score_ = { query, queryBytes, panels, keys, scores: score, scoreBytes };
    // A query's scores → its row of y.
    const finish = (row: Address) => {
      const within = i32.add(i32.add(p.causal, row), 1);
      const seen = select(select(within, p.tk.get, i32.lt_s(within, p.tk)), p.tk.get, i32.ge_s(p.causal, 0));
      const total = probabilities.call({ scores: at, seen, keys, shares: share });
      return [
        at.set(i32.add(score, i32.mul(i32.sub(row, i), scoreBytes))),
        values.call({
          ...{ shares: share, v: values0, keys, width: p.vWidth },
          y: i32.add(p.y, i32.mul(row, p.yStride)),
          unit: f32.div(valueMax, f32.convert_i32_s(total)),
        }),
      ];
    };
    const scoreRows = (count: number, kernel: typeof scores.four | typeof scores.one) => [
      at.set(i32.add(p.q, i32.mul(i, p.qStride))),
      factors.slice(0, count).map((factor, row) => [
        factor.set(f32.mul(f32.mul(quantizeQuery(row)[0] as Expr<"f32">, keyMax), p.scale)),
        at.set(i32.add(at, p.qStride)),
      ]),
      kernel.call({
        ...score_,
        ...Object.fromEntries(factors.map((factor, row) => [`factor${row}`, factor])),
      } as never),
      r.set(i),
      f.while(i32.lt_u(r, i32.add(i, count)), () => [finish(r), r.set(i32.add(r, 1))]),
      i.set(i32.add(i, count)),
    ];
    return [
      places,
      f.while(p.heads, () => [
        packHead,
        i.set(0),
        f.while(i32.le_s(i32.add(i, QUERIES), p.tq), () => scoreRows(QUERIES, scores.four)),
        f.while(i32.lt_s(i, p.tq), () => scoreRows(1, scores.one)),
        [p.q, p.k].map((base) => base.set(i32.add(base, i32.shl(p.qkWidth, 2)))),
        [p.v, p.y].map((base) => base.set(i32.add(base, i32.shl(p.vWidth, 2)))),
        p.heads.set(i32.sub(p.heads, 1)),
      ]),
    ];
  });
}

/** limit / max; 0 for a max that is as good as 0. */
function inverseOf(limit: Expr<"f32"> | Local<"f32">, max: Local<"f32">): Expr<"f32"> {
  return select(f32.div(limit, max), f32.const(0), f32.ge(max, SMALLEST));
}

/** round(x · inverse) as int32; what 16 bits do not hold saturates when it is narrowed. */
function toIntegers(x: Expr<"v128">, inverse: Local<"v128">): Expr<"v128"> {
  return i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(x, inverse)));
}

/** The largest magnitude of `rows` rows of n ≥ 1 floats; NaN if there is one. */
function addLargest(module: ModuleBuilder) {
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
function addPackKeys(module: ModuleBuilder) {
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
function addPackValues(module: ModuleBuilder) {
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
      return [pair.set(both), v128.store(to[i], interleave(pair))];
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

/** The lower four 16-bit lanes between the upper four. */
function interleave(x: Local<"v128">): Expr<"v128"> {
  return i16x8.shuffleBytes(x, [0, 4, 1, 5, 2, 6, 3, 7]);
}
