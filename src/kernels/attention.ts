// Attention of several heads, two queries at a time: scores, softmax, sums of values. The definition is
// `src/reference/attention.ts`; rows of keys and values are read where they lie, with strides.

import {
  type FunctionBuilder,
  f32x4,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../wasm/index.ts";
import type { RowFunctions } from "./rows.ts";
import { type Address, advance, FLOAT, shuffle32, storePartial, VECTOR } from "./vectors.ts";

/** Keys that are scored together: the four lanes of a vector of scores. */
const KEYS = 4;
/** Vectors of a dot product in one turn of its loop. */
const UNROLL = 4;
/** Vectors of a value row whose sums are in registers together: whole heads of 36 values … */
const wholeHead = 9;
/** … and for other widths the first of these that still fits. */
const valueBlocks = [8, 4, 1];

const pointers = { q: "i32", qStride: "i32", k: "i32", kStride: "i32", v: "i32", vStride: "i32" } as const;
const sizes = { tq: "i32", tk: "i32", heads: "i32", qkWidth: "i32", vWidth: "i32" } as const;
const params = {
  ...({ ...pointers, y: "i32", yStride: "i32", ...sizes } as const),
  ...({ scale: "f32", causal: "i32", scratch: "i32" } as const),
} as const;

/** Bytes of scratch memory for `tk` keys. */
export function attentionScratch(tk: number): number {
  return (tk + 4 * KEYS) * 16;
}

export function addAttention(module: ModuleBuilder, rows: RowFunctions): void {
  const scores = { two: addScores(module, 2), one: addScores(module, 1) };
  const finish = addFinish(module, rows, addValues(module));
  module.func("attention_f32", { params }, (f, p) => {
    const { q, k, kStride, v, vStride, y, tq, tk, qkWidth, vWidth, scale, causal } = p;
    const [i, q0, y0, seen, last, second] = f.locals("i32", 6) as Address[];
    // How many keys query row i, or i + 1, sees.
    const limitSeen = (target: Address, row: number) => {
      const within = i32.add(i32.add(causal, i), row + 1);
      const limited = select(within, tk.get, i32.lt_s(within, tk));
      return target.set(select(tk.get, limited, i32.lt_s(causal, 0)));
    };
    const score = { k, kStride, width: qkWidth, scale, s0: p.scratch, s1: second };
    const value = { v, vStride, width: vWidth };
    const two = () => [
      limitSeen(last, 1),
      scores.two.call({ ...score, count: last, q0, q1: i32.add(q0, p.qStride) }),
      finish.call({ ...value, scores: p.scratch, count: seen, y: y0 }),
      finish.call({ ...value, scores: second, count: last, y: i32.add(y0, p.yStride) }),
    ];
    const one = () => [
      scores.one.call({ ...score, count: seen, q0, q1: q0 }),
      finish.call({ ...value, scores: p.scratch, count: seen, y: y0 }),
    ];
    return [
      second.set(i32.add(p.scratch, i32.shl(i32.add(tk, VECTOR), 2))),
      // A head at a time, so that its keys and values stay in the cache for all queries.
      f.while(p.heads, () => [
        [q0.set(q), y0.set(y)],
        f.for(i, 0, tq, 2, () => [
          limitSeen(seen, 0),
          f.if(i32.lt_u(i32.add(i, 1), tq), two, one),
          [q0.set(i32.add(q0, i32.shl(p.qStride, 1))), y0.set(i32.add(y0, i32.shl(p.yStride, 1)))],
        ]),
        [q, k].map((base) => base.set(i32.add(base, i32.shl(qkWidth, 2)))),
        [v, y].map((base) => base.set(i32.add(base, i32.shl(vWidth, 2)))),
        p.heads.set(i32.sub(p.heads, 1)),
      ]),
    ];
  });
}

/**
 * s[j] = (q·k[j])·scale for `queries` queries and `count` keys, four keys at a time. Writes up to 3 scores
 * more than asked for; those repeat the last key.
 */
function addScores(module: ModuleBuilder, queries: 1 | 2) {
  const names = { q0: "i32", q1: "i32", k: "i32", kStride: "i32", count: "i32", width: "i32" } as const;
  const scoreParams = { ...names, scale: "f32", s0: "i32", s1: "i32" } as const;
  const name = `attention_scores_${queries}`;
  return module.func(name, { params: scoreParams, exported: false }, (f, p) => {
    const [j, left] = [f.local("i32", "j"), f.local("i32", "left")];
    const keys = f.locals("i32", KEYS, "key");
    const qs = f.locals("i32", queries, "query");
    const sums = qs.map(() => f.locals("v128", KEYS));
    const inside = f.local("v128", "inside");
    const lastKey = i32.sub(p.count, 1);
    const position = (lane: number) => select(i32.add(j, lane), lastKey, i32.lt_s(i32.add(j, lane), p.count));
    const start = [
      keys.map((key, lane) => key.set(i32.add(p.k, i32.mul(position(lane), p.kStride)))),
      qs.map((query, i) => query.set(i === 0 ? p.q0 : p.q1)),
      sums.flat().map((sum) => sum.set(v128.const("f32x4", 0))),
      left.set(p.width),
    ];
    const next = (vectors: number) => [
      advance([...keys, ...qs], vectors * VECTOR),
      left.set(i32.sub(left, 4 * vectors)),
    ];
    const turn = Array.from({ length: UNROLL }, (_, i) => addProducts(f, keys, qs, sums, i * VECTOR));
    return f.for(j, 0, p.count, KEYS, () => [
      start,
      f.while(i32.ge_s(left, 4 * UNROLL), () => [turn, next(UNROLL)]),
      f.while(i32.ge_s(left, 4), () => [addProducts(f, keys, qs, sums, 0), next(1)]),
      f.if(left, () => [
        inside.set(i32x4.gt_s(i32x4.splat(left), v128.const("i32x4", 0, 1, 2, 3))),
        addProducts(f, keys, qs, sums, 0, inside),
      ]),
      sums.map((of, i) => storeScores(f, of, p.scale, i32.add(i === 0 ? p.s0 : p.s1, i32.shl(j, 2)))),
    ]);
  });
}

/** sums[query][key] += q·k over one vector at `offset`; lanes outside `inside` add nothing. */
function addProducts(
  f: FunctionBuilder,
  keys: readonly Address[],
  qs: readonly Address[],
  sums: readonly (readonly Local<"v128">[])[],
  offset: number,
  inside?: Local<"v128">,
) {
  const values = f.locals("v128", qs.length);
  const key = f.local("v128");
  const product = (value: Local<"v128">) => {
    const full = f32x4.mul(value, key);
    return inside ? v128.and(full, inside) : full;
  };
  return [
    qs.map((query, i) => values[i].set(v128.load(query, { offset }))),
    keys.map((at, lane) => [
      key.set(v128.load(at, { offset })),
      values.map((value, i) => sums[i][lane].set(f32x4.add(sums[i][lane], product(value)))),
    ]),
  ];
}

/** (s0 + s1) + (s2 + s3) of each of four vectors of sums, times scale, as one vector. */
function storeScores(
  f: FunctionBuilder,
  [a, b, c, d]: readonly Local<"v128">[],
  scale: Local<"f32">,
  address: ReturnType<typeof i32.add>,
) {
  const [ab, cd] = [f.local("v128"), f.local("v128")];
  const even = [0, 2, 4, 6] as const;
  const odd = [1, 3, 5, 7] as const;
  // s0 + s1 and s2 + s3 of a, then of b.
  const addPairs = (one: Local<"v128">, other: Local<"v128">) =>
    f32x4.add(shuffle32(one, other, even), shuffle32(one, other, odd));
  return [
    [ab.set(addPairs(a, b)), cd.set(addPairs(c, d))],
    v128.store(address, f32x4.mul(addPairs(ab, cd), f32x4.splat(scale))),
  ];
}

type Values = ReturnType<typeof addValues>;

/** Scores of a query → its row of y. */
function addFinish(module: ModuleBuilder, { rowMax, rowExp }: RowFunctions, values: Values) {
  const names = { scores: "i32", count: "i32", v: "i32", vStride: "i32", width: "i32", y: "i32" } as const;
  return module.func("attention_finish", { params: names, exported: false }, (f, p) => {
    const sum = f.local("f32", "sum");
    const max = rowMax.call({ x: p.scores, n: p.count });
    const block = { e: p.scores, count: p.count, v: p.v, vStride: p.vStride, y: p.y, sum };
    const whole = { ...block, lanes: 4 };
    const next = (vectors: number) => [
      advance([p.v, p.y], vectors * VECTOR),
      p.width.set(i32.sub(p.width, 4 * vectors)),
    ];
    return [
      sum.set(rowExp.call({ x: p.scores, y: p.scores, n: p.count, max })),
      f.if(i32.eq(p.width, 4 * wholeHead), () => [values[wholeHead].call(whole), f.return()]),
      valueBlocks.map((vectors) =>
        f.while(i32.ge_s(p.width, 4 * vectors), () => [values[vectors].call(whole), next(vectors)]),
      ),
      f.if(p.width, () => values[1].call({ ...block, lanes: p.width })),
    ];
  });
}

/** y = (Σ e[j]·v[j]) / sum for so many vectors of columns, by their number; the last stores `lanes` lanes. */
function addValues(module: ModuleBuilder) {
  const names = {
    e: "i32",
    count: "i32",
    v: "i32",
    vStride: "i32",
    y: "i32",
    lanes: "i32",
    sum: "f32",
  } as const;
  const block = (vectors: number) =>
    module.func(`attention_values_${vectors}`, { params: names, exported: false }, (f, p) => {
      const sums = f.locals("v128", vectors);
      const weight = f.local("v128", "weight");
      const term = (i: number) => f32x4.mul(weight, v128.load(p.v, { offset: i * VECTOR }));
      const last = sums[vectors - 1];
      return [
        f.loop((again) => [
          weight.set(v128.load32_splat(p.e)),
          sums.map((sum, i) => sum.set(f32x4.add(sum, term(i)))),
          [p.v.set(i32.add(p.v, p.vStride)), p.e.set(i32.add(p.e, FLOAT)), p.count.set(i32.sub(p.count, 1))],
          again.brIf(p.count),
        ]),
        weight.set(f32x4.splat(p.sum)),
        sums.map((sum) => sum.set(f32x4.div(sum, weight))),
        sums.slice(0, -1).map((sum, i) => v128.store(p.y, sum, { offset: i * VECTOR })),
        p.y.set(i32.add(p.y, (vectors - 1) * VECTOR)),
        f.if(
          i32.eq(p.lanes, 4),
          () => v128.store(p.y, last),
          () => storePartial(f, p.y, last, p.lanes),
        ),
      ];
    });
  return Object.fromEntries([wholeHead, ...valueBlocks].map((vectors) => [vectors, block(vectors)]));
}
