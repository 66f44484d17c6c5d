// One tile of an 8-bit matrix product: the code that sums some rows × columns of C in registers, corrects
// the sums for the zero points, finishes and stores them.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  v128,
} from "../wasm/index.ts";
import type { Dot } from "./dot_u8s8.ts";
import type { Applied, Columns, Finish, Parameters } from "./finish_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";

/** Columns of one vector of sums. */
const LANES = 4;
/** Bytes of a vector. */
const VECTOR = 16;
/** Bytes of 4 columns, and of a whole panel, in a group of K. */
const HALF = LANES * GROUP;
const STEP = PANEL * GROUP;

/** What the code of a tile is written from. */
export interface TileCode {
  readonly f: FunctionBuilder<"none">;
  readonly p: Parameters;
  readonly walk: Walk;
  readonly rows: number;
  /** A multiple of the panel. */
  readonly columns: number;
  readonly dot: Dot;
  readonly finish: Finish;
  /** Groups of K in one pass of the inner loop: pointers move once a pass. */
  readonly unroll: number;
  /** Stores the vectors of a row of the tile at `c`. */
  store(c: Local<"i32">, row: readonly Expr<"v128">[]): Code;
  /** The same where C holds bytes: a vector has 16 columns, or in each half the 8 of one row. */
  storeBytes(c: Local<"i32">, row: readonly Local<"v128">[], half: 0 | 1): Code;
}

/** Where in the strip the tile is. */
export interface Walk {
  /** The tile's first panel of B. */
  readonly panel: Local<"i32">;
  readonly panelBytes: Local<"i32">;
  /** Byte offset of the tile's first column in a row of C, and in the arrays of columns. */
  readonly at: Local<"i32">;
  /** Columns from there to the end. */
  readonly left: Local<"i32">;
  /** shift − aZero in every lane; the finish's values. */
  readonly zero: Local<"v128">;
  readonly begun: readonly Local<"v128">[];
}

/** Vector `v` of the tile's columns in an array of one 32-bit value a column. */
function columnsAt({ at }: Walk, v: number): Columns {
  return (array) => v128.load(i32.add(array, at), { offset: v * LANES * 4 });
}

/** Accumulators: by row, by vector of columns, by accumulator of the dot. */
type Sums = Local<"v128">[][][];

/** The tile, then the step to the next one. */
export function writeTile(tile: TileCode): Code {
  const { f, walk, rows, columns, dot } = tile;
  const sums = Array.from({ length: rows }, (_, r) =>
    Array.from({ length: columns / LANES }, (_, v) => f.locals("v128", dot.accumulators, `c${r}_${v}_`)),
  );
  return [
    writeStarts(tile, sums),
    writeSums(tile, sums),
    writeCorrection(tile, sums),
    writeFinish(tile, sums),
    walk.panel.set(i32.add(walk.panel, i32.mul(walk.panelBytes, columns / PANEL))),
    walk.at.set(i32.add(walk.at, columns * 4)),
    walk.left.set(i32.sub(walk.left, columns)),
  ];
}

/**
 * What the sums start from: with x = A + shift for the bytes A that the dot sees, Σ (x − aZero)·B is ΣA·B +
 * (shift − aZero)·ΣB. Where sums are joined from several accumulators, the first of them is added to that later.
 */
function writeStarts(tile: TileCode, sums: Sums): Code {
  const { f, dot } = tile;
  if (dot.accumulators > 1) return sums.flat(2).map((sum) => sum.set(v128.const("i32x4", 0)));
  const start = f.local("v128", "start");
  return sums[0].map((_, v) => [start.set(startOf(tile, v)), sums.map((row) => row[v][0].set(start))]);
}

/** (shift − aZero)·ΣB, and the bias where there is one, of the `v`-th 4 columns. */
function startOf({ p, walk, finish }: TileCode, v: number): Expr<"v128"> {
  const columns = columnsAt(walk, v);
  const zeros = i32x4.mul(columns(p.bSums), walk.zero);
  return finish.biased ? i32x4.add(zeros, columns(p.bias)) : zeros;
}

/** Σk A·B: the inner loop, then the groups that do not fill a pass of it. */
function writeSums({ f, p, walk, rows, columns, dot, unroll }: TileCode, sums: Sums): Code {
  const panels = f.locals("i32", columns / PANEL, "b");
  const rowPointers = f.locals("i32", rows, "a");
  const weights = sums[0].map((_, v) => f.locals("v128", dot.weightVectors, `w${v}_`));
  const [a, end] = [f.local("v128", "x"), f.local("i32", "end")];

  const readWeights = (v: number, u: number): Code =>
    dot.weights(panels[v >> 1], u * STEP + (v & 1) * HALF).map((value, i) => weights[v][i].set(value));
  const readActivations = (r: number, u: number): Code => a.set(dot.activations(rowPointers[r], u * GROUP));
  /** Of one row, weights are read where they are used: registers are for sums. */
  const group = (u: number): Code =>
    rows === 1
      ? [readActivations(0, u), sums[0].map((row, v) => [readWeights(v, u), dot.add(row, a, weights[v])])]
      : [
          weights.map((_, v) => readWeights(v, u)),
          sums.map((row, r) => [
            readActivations(r, u),
            row.map((accumulators, v) => dot.add(accumulators, a, weights[v])),
          ]),
        ];
  const pass = (groups: number): Code =>
    f.while(i32.lt_u(panels[0], end), () => [
      Array.from({ length: groups }, (_, u) => group(u)),
      panels.map((pointer) => pointer.set(i32.add(pointer, groups * STEP))),
      rowPointers.map((pointer) => pointer.set(i32.add(pointer, groups * GROUP))),
    ]);
  const wholePasses = i32.and(walk.panelBytes, -unroll * STEP);
  return [
    panels.map((pointer, i) => pointer.set(i === 0 ? walk.panel : i32.add(panels[i - 1], walk.panelBytes))),
    rowPointers.map((pointer, r) => pointer.set(r === 0 ? p.a : i32.add(rowPointers[r - 1], p.aStride))),
    end.set(i32.add(walk.panel, wholePasses)),
    pass(unroll),
    unroll > 1 ? [end.set(i32.add(walk.panel, walk.panelBytes)), pass(1)] : [],
  ];
}

/** Zero points of B: Σ (x − aZero)(B − bZero) = Σ (x − aZero)·B − bZero·(Σx − K·aZero), in the first accumulator. */
function writeCorrection(tile: TileCode, sums: Sums): Code {
  const { f, p, walk, dot } = tile;
  const [perColumn, perRow] = [f.local("v128", "per_column"), f.local("v128", "per_row")];
  const rowSum = (r: number) => i32.load(p.rowSums, { offset: r * 4 });
  const join = (v: number): Code => [
    perColumn.set(startOf(tile, v)),
    sums.map((row) => row[v][0].set(i32x4.add(dot.join(row[v]), perColumn))),
  ];
  return [
    dot.accumulators > 1 ? sums[0].map((_, v) => join(v)) : [],
    f.if(p.bZeros, () =>
      sums.map((row, r) => [
        perRow.set(i32x4.splat(i32.sub(rowSum(r), i32.mul(p.k, p.aZero)))),
        row.map(([sum], v) => sum.set(i32x4.sub(sum, i32x4.mul(columnsAt(walk, v)(p.bZeros), perRow)))),
      ]),
    ),
  ];
}

/** Sums → what C holds, stored. */
function writeFinish(tile: TileCode, sums: Sums): Code {
  const { f, p, walk, finish, store } = tile;
  const c = f.local("i32", "c_row");
  const temporaries = f.locals("v128", finish.temporaries, "finishing");
  const values = sums[0].map((_, v) => finish.prepare(p, walk.begun, columnsAt(walk, v)));
  const prepared = values.map((list, v) => f.locals("v128", list.length, `finish${v}_`));
  const at = (v: number): Applied => ({ begun: walk.begun, prepared: prepared[v], temporaries });
  const apply = (row: readonly Local<"v128">[][]): Code => row.map(([sum], v) => finish.apply(sum, at(v)));
  const next = c.set(i32.add(c, p.cStride));
  const begin = values.map((list, v) => list.map((value, i) => prepared[v][i].set(value)));
  if (finish.bytes === 1)
    return [begin, c.set(i32.add(p.c, i32.shr_u(walk.at, 2))), writeBytes(tile, sums, apply, [c, next])];
  return [
    [begin, c.set(i32.add(p.c, walk.at))],
    sums.map((row) => [
      apply(row),
      store(
        c,
        row.map(([sum]) => sum.get),
      ),
      next,
    ]),
  ];
}

/** Rows as bytes; two rows of 8 columns share a vector. */
function writeBytes(
  { f, walk, finish, columns, storeBytes }: TileCode,
  sums: Sums,
  apply: (row: readonly Local<"v128">[][]) => Code,
  [c, next]: readonly [Local<"i32">, Code],
): Code {
  const bytes = f.locals("v128", Math.ceil(columns / VECTOR), "bytes");
  const together = columns === PANEL ? 2 : 1;
  const groups = Array.from({ length: Math.ceil(sums.length / together) }, (_, i) =>
    sums.slice(i * together, (i + 1) * together),
  );
  return groups.map((rows) => [
    rows.map(apply),
    bytesOf(rows.flat(), finish, walk.begun).map((value, i) => bytes[i].set(value)),
    rows.map((_, half) => [storeBytes(c, bytes, half as 0 | 1), next]),
  ]);
}

/** Vectors of 4 finished sums as vectors of up to 16 bytes. */
export function bytesOf(
  sums: readonly Local<"v128">[][],
  finish: Finish,
  begun: readonly Local<"v128">[],
): Expr<"v128">[] {
  const pairs = sums.flatMap(([sum], v) =>
    v % 2 === 0 ? [i16x8.narrow_i32x4_s(sum, (sums[v + 1] ?? sums[v])[0])] : [],
  );
  return pairs.flatMap((pair, i) =>
    i % 2 === 0 ? [finish.limit(i8x16.narrow_i16x8_u(pair, pairs[i + 1] ?? pair), begun)] : [],
  );
}
