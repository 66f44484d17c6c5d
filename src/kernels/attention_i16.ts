// Attention in 16-bit integers, a head at a time: keys and values are packed once, then four queries at a time are
// scored, and each row of scores becomes probabilities and sums of values. The definition is
// `src/reference/integer-attention.ts`; packing is in `attention_i16_pack.ts`, the end of a row in `attention_i16_rows.ts`.

import { VALUE } from "../tensor/attention-scales.ts";
import { f32, f32x4, i32, i32x4, type Local, type ModuleBuilder, select, v128 } from "../wasm/index.ts";
import {
  addLargest,
  addPackKeys,
  addPackValues,
  addQuantizeRow,
  inverseOf,
  PAIRS,
  PANEL,
} from "./attention_i16_pack.ts";
import { addProbabilities, addValues } from "./attention_i16_rows.ts";
import type { RowFunctions } from "./rows.ts";
import { type Address, advance, VECTOR } from "./vectors.ts";

/** Queries that are scored together. */
const QUERIES = 4;

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Bytes of scratch memory for one head of `tk` keys: packed keys and values, queries, scores, probabilities. */
export function attentionI16Scratch(tk: number, qkWidth: number, vWidth: number): number {
  const [keys, queryWidth] = [roundUp(tk, PANEL), roundUp(qkWidth, 4)];
  const packed = 2 * keys * (queryWidth + roundUp(vWidth, 4));
  return roundUp(packed + QUERIES * (VECTOR + 2 * queryWidth + 4 * keys) + 2 * keys, VECTOR) + VECTOR;
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
  const scoresOf = { [QUERIES]: addScores(module, QUERIES), 1: addScores(module, 1) } as const;
  const probabilities = addProbabilities(module, rows);
  const values = addValues(module);
  module.func("attention_i16", { params }, (f, p) => {
    const [keys, packedV, query, queryBytes, score, scoreBytes, shares] = f.locals("i32", 7) as Address[];
    const [i, row, from, seen] = f.locals("i32", 4) as Address[];
    const [keyScale, valueScale] = f.locals("f32", 2) as Local<"f32">[];
    const upTo = (n: Address, multiple: number) => i32.and(i32.add(n, multiple - 1), -multiple);
    const places = [
      keys.set(upTo(p.tk, PANEL)),
      packedV.set(i32.add(p.scratch, i32.mul(keys, i32.shl(upTo(p.qkWidth, 4), 1)))),
      query.set(i32.add(packedV, i32.mul(keys, i32.shl(upTo(p.vWidth, 4), 1)))),
      queryBytes.set(i32.add(i32.shl(upTo(p.qkWidth, 4), 1), VECTOR)),
      score.set(i32.add(query, i32.mul(queryBytes, QUERIES))),
      scoreBytes.set(i32.shl(keys, 2)),
      shares.set(i32.add(score, i32.mul(scoreBytes, QUERIES))),
    ];
    const ofK = { x: p.k, stride: p.kStride, rows: p.tk, n: p.qkWidth };
    const ofV = { x: p.v, stride: p.vStride, rows: p.tk, n: p.vWidth };
    const packHead = [
      [keyScale.set(largest.call(ofK)), valueScale.set(largest.call(ofV))],
      packKeys.call({ ...ofK, y: p.scratch, inverse: inverseOf(p.largestKey, keyScale) }),
      packValues.call({ ...ofV, y: packedV, inverse: inverseOf(f32.const(VALUE), valueScale) }),
      [keyScale.set(f32.div(keyScale, p.largestKey)), valueScale.set(f32.div(valueScale, VALUE))],
    ];
    const quantizeRow = [
      quantize.call({
        ...{ x: i32.add(p.q, i32.mul(i32.add(i, row), p.qStride)), n: p.qkWidth },
        ...{ y: i32.add(query, i32.mul(row, queryBytes)), keyScale, scale: p.scale },
      }),
    ];
    // A row of scores → its row of y.
    const finishRow = [
      seen.set(i32.add(i32.add(p.causal, i), i32.add(row, 1))),
      seen.set(select(p.tk.get, select(seen, p.tk, i32.lt_s(seen, p.tk)), i32.lt_s(p.causal, 0))),
      from.set(i32.add(score, i32.mul(row, scoreBytes))),
      values.call({
        ...{ total: probabilities.call({ scores: from, seen, keys, shares }), shares, v: packedV, keys },
        ...{ width: p.vWidth, y: i32.add(p.y, i32.mul(i32.add(i, row), p.yStride)), scale: valueScale },
      }),
    ];
    const together = (count: 1 | typeof QUERIES) => [
      f.for(row, 0, count, 1, () => quantizeRow),
      scoresOf[count].call({ query, queryBytes, panels: p.scratch, keys, scores: score, scoreBytes }),
      f.for(row, 0, count, 1, () => finishRow),
      i.set(i32.add(i, count)),
    ];
    return [
      places,
      f.while(p.heads, () => [
        packHead,
        i.set(0),
        f.while(i32.le_s(i32.add(i, QUERIES), p.tq), () => together(QUERIES)),
        f.while(i32.lt_s(i, p.tq), () => together(1)),
        [p.q, p.k].map((base) => base.set(i32.add(base, i32.shl(p.qkWidth, 2)))),
        [p.v, p.y].map((base) => base.set(i32.add(base, i32.shl(p.vWidth, 2)))),
        p.heads.set(i32.sub(p.heads, 1)),
      ]),
    ];
  });
}

/** scores[row][key] = Σ query·key, times the row's factor, for all keys of the panels. */
function addScores(module: ModuleBuilder, queries: number) {
  const own = {
    query: "i32",
    queryBytes: "i32",
    panels: "i32",
    keys: "i32",
    scores: "i32",
    scoreBytes: "i32",
  } as const;
  return module.func(`scores_i16_${queries}`, { params: own, exported: false }, (f, p) => {
    const rows = f.locals("i32", queries, "row") as Address[];
    const to = f.locals("i32", queries, "to") as Address[];
    const [left, key] = [f.local("i32", "left"), f.locals("v128", 2, "key")];
    const [pair, factor] = [f.local("v128", "pair"), f.local("v128", "factor")];
    const sums = rows.map(() => f.locals("v128", 2, "sum"));
    const follow = (all: readonly Address[], start: Address, stride: Address) =>
      all.map((each, r) => each.set(r === 0 ? start : i32.add(all[r - 1], stride)));
    const products = (u: number) => [
      key.map((each, half) => each.set(v128.load(p.panels, { offset: u * PAIRS + half * VECTOR }))),
      rows.map((row, r) => [
        pair.set(v128.load32_splat(row, { offset: VECTOR + 4 * u })),
        sums[r].map((sum, half) => sum.set(i32x4.add(sum, i32x4.dot_i16x8_s(pair, key[half])))),
      ]),
    ];
    return [
      follow(to, p.scores, p.scoreBytes),
      f.while(p.keys, () => [
        follow(rows, p.query, p.queryBytes),
        sums.flat().map((sum) => sum.set(v128.const("i32x4", 0))),
        // Two pairs at a time: a row has a multiple of four values.
        left.set(i32.sub(p.queryBytes, VECTOR)),
        f.loop((again) => [
          [products(0), products(1)],
          [advance(rows, 8), p.panels.set(i32.add(p.panels, 2 * PAIRS)), left.set(i32.sub(left, 8))],
          again.brIf(left),
        ]),
        follow(rows, p.query, p.queryBytes),
        sums.map((row, r) => [
          factor.set(v128.load32_splat(rows[r])),
          row.map((sum, half) =>
            v128.store(to[r], f32x4.mul(f32x4.convert_i32x4_s(sum), factor), { offset: half * VECTOR }),
          ),
        ]),
        [advance(to, PAIRS), p.keys.set(i32.sub(p.keys, PANEL))],
      ]),
    ];
  });
}
