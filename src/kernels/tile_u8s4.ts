// One tile of a product with 4-bit weights in blocks: the code that sums some rows × columns of C block by
// block, the weights unpacked in registers, and scales, finishes and stores the sums.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32x4,
  i16x8,
  i32,
  i32x4,
  type Local,
  v128,
} from "../wasm/index.ts";
import type { Dot } from "./dot_u8s8.ts";
import { BLOCK_RECORD, GROUP, NIBBLE_GROUP, PANEL } from "./layout.ts";

const LANES = 4;
/** Bytes of 4 columns, and of a whole panel, in a group of 8 of K. */
const HALF = LANES * GROUP;
const STEP = PANEL * GROUP;
/** In a block's record: from the scales to the sums of weights. */
const SUMS = PANEL * 4;

/** The parameters of the exported function, in their order (`functions.ts`). */
export const blockTypes = {
  a: "i32",
  aStride: "i32",
  b: "i32",
  c: "i32",
  cStride: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  block: "i32",
  aZero: "i32",
  records: "i32",
  aScale: "f32",
  bias: "i32",
} as const;
export type BlockParameters = { readonly [K in keyof typeof blockTypes]: Local<(typeof blockTypes)[K]> };

/** Where in the strip the tile is, and what is the same for all its tiles. */
export interface BlockWalk {
  /** The tile's first panel of B, and its records. */
  readonly panel: Local<"i32">;
  readonly record: Local<"i32">;
  readonly panelBytes: Local<"i32">;
  readonly recordBytes: Local<"i32">;
  /** Bytes of a panel's block of B. */
  readonly blockBytes: Local<"i32">;
  /** Byte offset of the tile's first column in a row of C. */
  readonly at: Local<"i32">;
  /** Columns from there to the end. */
  readonly left: Local<"i32">;
  /** 16·(shift − aZero) in the lower 16 bits of every lane, which one instruction multiplies with a sum. */
  readonly zero: Local<"v128">;
  readonly scale: Local<"v128">;
  /** All bits where there is a bias. */
  readonly hasBias: Local<"v128">;
  /** The high half of every byte. (Engines build a constant anew wherever it stands.) */
  readonly high: Local<"v128">;
}

/** What the code of a tile is written from. */
export interface BlockTileCode {
  readonly f: FunctionBuilder<"none">;
  readonly p: BlockParameters;
  readonly walk: BlockWalk;
  readonly rows: number;
  /** A multiple of the panel. */
  readonly columns: number;
  readonly dot: Dot;
  /** Groups of 8 of K in one pass of the inner loop. */
  readonly unroll: number;
  /** Stores the vectors of a row of the tile at `c`. */
  store(c: Local<"i32">, row: readonly Expr<"v128">[]): Code;
}

/** The tile's registers. */
interface Registers {
  readonly panels: Local<"i32">[];
  readonly records: Local<"i32">[];
  readonly rowPointers: Local<"i32">[];
  /** Sums of the block: by row, by vector of columns, by accumulator of the dot. */
  readonly sums: Local<"v128">[][][];
  /** Sums of the blocks: by row, by vector of columns. */
  readonly totals: Local<"v128">[][];
}

/** The tile, then the step to the next one. */
export function writeBlockTile(tile: BlockTileCode): Code {
  const { f, p, walk, rows, columns, dot } = tile;
  const vectors = columns / LANES;
  const registers: Registers = {
    panels: f.locals("i32", columns / PANEL, "b"),
    records: f.locals("i32", columns / PANEL, "r"),
    rowPointers: f.locals("i32", rows, "a"),
    sums: Array.from({ length: rows }, (_, r) =>
      Array.from({ length: vectors }, (_, v) => f.locals("v128", dot.accumulators, `c${r}_${v}_`)),
    ),
    totals: Array.from({ length: rows }, (_, r) => f.locals("v128", vectors, `t${r}_`)),
  };
  const { panels, records, rowPointers, totals } = registers;
  const last = f.local("i32", "last");
  return [
    totals.flat().map((total) => total.set(v128.const("f32x4", 0))),
    panels.map((pointer, i) => pointer.set(i === 0 ? walk.panel : i32.add(panels[i - 1], walk.panelBytes))),
    records.map((pointer, i) =>
      pointer.set(i === 0 ? walk.record : i32.add(records[i - 1], walk.recordBytes)),
    ),
    rowPointers.map((pointer, r) => pointer.set(r === 0 ? p.a : i32.add(rowPointers[r - 1], p.aStride))),
    last.set(i32.add(walk.panel, walk.panelBytes)),
    f.while(i32.lt_u(panels[0], last), () => [
      writeBlockSums(tile, registers, last),
      writeTotals(tile, registers),
    ]),
    writeFinish(tile, totals),
    walk.panel.set(i32.add(walk.panel, i32.mul(walk.panelBytes, columns / PANEL))),
    walk.record.set(i32.add(walk.record, i32.mul(walk.recordBytes, columns / PANEL))),
    walk.at.set(i32.add(walk.at, columns * 4)),
    walk.left.set(i32.sub(walk.left, columns)),
  ];
}

/** 16·Σ A·B over a block. */
function writeBlockSums(tile: BlockTileCode, registers: Registers, last: Local<"i32">): Code {
  const { f, walk, unroll } = tile;
  const { panels, rowPointers, sums } = registers;
  const [end, whole] = [f.local("i32", "end"), f.local("i32", "whole")];
  const group = groupWriter(tile, registers);
  const pass = (groups: number): Code => [
    Array.from({ length: groups }, (_, u) => group(u)),
    panels.map((pointer) => pointer.set(i32.add(pointer, groups * STEP))),
    rowPointers.map((pointer) => pointer.set(i32.add(pointer, groups * NIBBLE_GROUP))),
  ];
  return [
    sums.flat(2).map((sum) => sum.set(v128.const("i32x4", 0))),
    end.set(i32.add(panels[0], walk.blockBytes)),
    f.if(i32.gt_u(end, last), () => end.set(last)),
    whole.set(i32.sub(end, i32.and(i32.sub(end, panels[0]), unroll * STEP - 1))),
    f.while(i32.lt_u(panels[0], whole), () => pass(unroll)),
    unroll > 1 ? f.while(i32.lt_u(panels[0], end), () => pass(1)) : [],
  ];
}

/**
 * The code of the group of 8 of K that is `u` groups ahead: the low halves of its bytes, then the high ones.
 * They are loaded twice, because a load costs less than a register.
 */
function groupWriter({ f, walk, rows, dot }: BlockTileCode, { panels, rowPointers, sums }: Registers) {
  const weights = sums[0].map((_, v) => f.locals("v128", dot.weightVectors, `w${v}_`));
  const x = f.local("v128", "x");
  const halves = [
    (bytes: Expr<"v128">) => v128.and(i16x8.shl(bytes, 4), walk.high),
    (bytes: Expr<"v128">) => v128.and(bytes, walk.high),
  ];
  return (u: number): Code =>
    halves.map((unpack, half) => {
      const unpacked = weights.map((vectors, v) => {
        const bytes = v128.load(panels[v >> 1], { offset: u * STEP + (v & 1) * HALF });
        return dot.spread(unpack(bytes)).map((value, i) => vectors[i].set(value));
      });
      const activations = (r: number) =>
        x.set(dot.activations(rowPointers[r], u * NIBBLE_GROUP + half * GROUP));
      const products = (r: number, v: number) => dot.add(sums[r][v], x, weights[v]);
      // A single row uses its weights right where they are unpacked: no register has to keep them.
      if (rows === 1) return [activations(0), unpacked.map((code, v) => [code, products(0, v)])];
      return [unpacked, sums.map((row, r) => [activations(r), row.map((_, v) => products(r, v))])];
    });
}

/** The block's sums, corrected for the zero point and scaled, on top of those of the blocks before. */
function writeTotals({ f, walk, dot }: BlockTileCode, { records, sums, totals }: Registers): Code {
  const [zeros, scale] = [f.local("v128", "zeros"), f.local("v128", "scale")];
  const weights = (record: Local<"i32">, second: number) =>
    v128.load16x4_s(record, { offset: SUMS + second * LANES * 2 });
  return [
    sums[0].map((_, v) => {
      const [record, second] = [records[v >> 1], v & 1];
      return [
        zeros.set(i32x4.dot_i16x8_s(weights(record, second), walk.zero)),
        scale.set(v128.load(record, { offset: second * LANES * 4 })),
        totals.map((row, r) => {
          const corrected = i32x4.add(dot.join(sums[r][v]), zeros);
          return row[v].set(f32x4.add(row[v], f32x4.mul(f32x4.convert_i32x4_s(corrected), scale)));
        }),
      ];
    }),
    records.map((pointer) => pointer.set(i32.add(pointer, BLOCK_RECORD))),
  ];
}

/** Totals → what C holds, stored. */
function writeFinish({ f, p, walk, store }: BlockTileCode, totals: readonly Local<"v128">[][]): Code {
  const c = f.local("i32", "c_row");
  const bias = f.locals("v128", totals[0].length, "bias");
  // −0: x + (−0) is x for every x.
  const noBias = v128.const("f32x4", -0);
  const given = (v: number) => v128.load(i32.add(p.bias, walk.at), { offset: v * LANES * 4 });
  return [
    bias.map((vector, v) => vector.set(v128.bitselect(given(v), noBias, walk.hasBias))),
    c.set(i32.add(p.c, walk.at)),
    totals.map((row) => [
      store(
        c,
        row.map((total, v) => f32x4.add(f32x4.mul(total, walk.scale), bias[v])),
      ),
      c.set(i32.add(c, p.cStride)),
    ]),
  ];
}
