// One tile of a product with 16-bit activations: the code that sums some rows × columns of C in 32-bit registers, as
// far as these cannot overflow, adds such runs of K up in float64, where they are exact, finishes and stores.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f64x2,
  i16x8,
  i32,
  i32x4,
  type Local,
  v128,
} from "../wasm/index.ts";
import type { ColumnsAt, Finish16, Parameters16 } from "./finish_s16.ts";
import { PAIR, PANEL } from "./layout.ts";
import { shuffle32 } from "./vectors.ts";

const LANES = 4;
type Vector = Local<"v128">;

/** How weights are read: one value for each element type of B. */
export interface Weights16 {
  readonly word: "s16s8" | "s16s16";
  /** Bytes of a weight. */
  readonly bytes: number;
  /** What the sums of each part of a weight count. */
  readonly gains: readonly number[];
  /** The parts, of 2 of K for 4 columns, as 16-bit integers. */
  parts(address: Local<"i32">, offset: number, low: Vector): Expr<"v128">[];
}

export const weights16: Record<Weights16["word"], Weights16> = {
  s16s8: {
    word: "s16s8",
    bytes: 1,
    gains: [1],
    parts: (address, offset) => [v128.load8x8_s(address, { offset })],
  },
  // w = 256·(w >> 8) + (w & 255): a product of 16 × 16 bits leaves no room for sums.
  s16s16: {
    word: "s16s16",
    bytes: 2,
    gains: [256, 1],
    parts: (address, offset, low) => [
      i16x8.shr_s(v128.load(address, { offset }), 8),
      v128.and(v128.load(address, { offset }), low),
    ],
  },
};

/** Where in the strip the tile is. */
export interface Walk16 {
  readonly panel: Local<"i32">;
  readonly panelBytes: Local<"i32">;
  /** Bytes of a panel in a run of K. */
  readonly runBytes: Local<"i32">;
  /** The tile's first column, and columns from there to the end. */
  readonly column: Local<"i32">;
  readonly left: Local<"i32">;
  /** 255 in every 16 bits. */
  readonly low: Vector;
  readonly begun: readonly Vector[];
}

export interface TileCode16 {
  readonly f: FunctionBuilder<"none">;
  readonly p: Parameters16;
  readonly walk: Walk16;
  readonly rows: number;
  /** A multiple of the panel. */
  readonly columns: number;
  readonly weights: Weights16;
  readonly finish: Finish16;
  /** Pairs of K in one pass of the inner loop. */
  readonly unroll: number;
  store(c: Local<"i32">, row: readonly Expr<"v128">[]): Code;
}

interface Registers {
  readonly panels: Local<"i32">[];
  readonly rowPointers: Local<"i32">[];
  /** By row, by vector of 4 columns, by part of the weights. */
  readonly sums: Vector[][][];
  /** By row, by vector: two vectors of float64. */
  readonly totals: Vector[][][];
}

/** The tile, then the step to the next one. */
export function writeTile16(tile: TileCode16): Code {
  const { f, p, walk, rows, columns, weights } = tile;
  const each = <T>(count: number, make: (i: number) => T): T[] =>
    Array.from({ length: count }, (_, i) => make(i));
  const registers: Registers = {
    panels: f.locals("i32", columns / PANEL, "b"),
    rowPointers: f.locals("i32", rows, "a"),
    sums: each(rows, (r) =>
      each(columns / LANES, (v) => f.locals("v128", weights.gains.length, `c${r}_${v}_`)),
    ),
    totals: each(rows, (r) => each(columns / LANES, (v) => f.locals("v128", 2, `t${r}_${v}_`))),
  };
  const { panels, rowPointers, totals } = registers;
  const [last, end] = [f.local("i32", "last"), f.local("i32", "end")];
  const { finish } = tile;
  const { direct } = finish;
  const inRuns = (): Code => [
    totals.flat(2).map((total) => total.set(v128.const("f64x2", 0))),
    f.while(i32.lt_u(panels[0], last), () => [
      end.set(i32.add(panels[0], walk.runBytes)),
      f.if(i32.gt_u(end, last), () => end.set(last)),
      writeRun(tile, registers, end),
      writeTotals(tile, registers),
    ]),
    writeFinish(tile, (r, v, prepared) => {
      const [low, high] = totals[r][v];
      return finish.apply(low, high, prepared, walk.begun);
    }),
  ];
  /** Where all of K is one run its sums are exact as they are. */
  const atOnce = (): Code => [
    end.set(last),
    writeRun(tile, registers, end),
    writeFinish(tile, (r, v, prepared) => direct!(registers.sums[r][v][0], prepared)),
  ];
  return [
    panels.map((pointer, i) => pointer.set(i === 0 ? walk.panel : i32.add(panels[i - 1], walk.panelBytes))),
    rowPointers.map((pointer, r) => pointer.set(r === 0 ? p.a : i32.add(rowPointers[r - 1], p.aStride))),
    last.set(i32.add(walk.panel, walk.panelBytes)),
    direct && weights.gains.length === 1
      ? f.if(i32.ge_u(walk.runBytes, walk.panelBytes), atOnce, inRuns)
      : inRuns(),
    walk.panel.set(i32.add(walk.panel, i32.mul(walk.panelBytes, columns / PANEL))),
    walk.column.set(i32.add(walk.column, columns)),
    walk.left.set(i32.sub(walk.left, columns)),
  ];
}

/** Σ A·B over a run of K, by parts of the weights. */
function writeRun({ f, walk, weights, unroll }: TileCode16, registers: Registers, end: Local<"i32">): Code {
  const { panels, rowPointers, sums } = registers;
  const step = PANEL * PAIR * weights.bytes;
  const loaded = sums[0].map((parts) => f.locals("v128", parts.length, "w"));
  const [x, whole] = [f.local("v128", "x"), f.local("i32", "whole")];
  const pair = (u: number): Code => [
    loaded.map((vectors, v) => {
      const offset = u * step + (v & 1) * (step / 2);
      return weights.parts(panels[v >> 1], offset, walk.low).map((part, i) => vectors[i].set(part));
    }),
    sums.map((row, r) => [
      x.set(v128.load32_splat(rowPointers[r], { offset: u * PAIR * 2 })),
      row.map((parts, v) =>
        parts.map((sum, i) => sum.set(i32x4.add(sum, i32x4.dot_i16x8_s(x, loaded[v][i])))),
      ),
    ]),
  ];
  const pass = (pairs: number): Code => [
    Array.from({ length: pairs }, (_, u) => pair(u)),
    panels.map((pointer) => pointer.set(i32.add(pointer, pairs * step))),
    rowPointers.map((pointer) => pointer.set(i32.add(pointer, pairs * PAIR * 2))),
  ];
  return [
    sums.flat(2).map((sum) => sum.set(v128.const("i32x4", 0))),
    whole.set(i32.sub(end, i32.and(i32.sub(end, panels[0]), unroll * step - 1))),
    f.while(i32.lt_u(panels[0], whole), () => pass(unroll)),
    unroll > 1 ? f.while(i32.lt_u(panels[0], end), () => pass(1)) : [],
  ];
}

/** The run's sums on top of those before, in float64. */
function writeTotals({ weights }: TileCode16, { sums, totals }: Registers): Code {
  return sums.map((row, r) =>
    row.map((parts, v) =>
      parts.map((sum, i) =>
        totals[r][v].map((total, half) => {
          const two = half === 0 ? sum : shuffle32(sum, sum, [2, 3, 2, 3]);
          const real = f64x2.convert_low_i32x4_s(two);
          const gain = weights.gains[i];
          return total.set(f64x2.add(total, gain === 1 ? real : f64x2.mul(real, v128.const("f64x2", gain))));
        }),
      ),
    ),
  );
}

/** What C holds, made of the sums of row r and vector v, stored. */
function writeFinish(
  { f, p, walk, rows, columns, finish, store }: TileCode16,
  finished: (r: number, v: number, prepared: readonly Vector[]) => Expr<"v128">,
): Code {
  const c = f.local("i32", "c_row");
  const prepared = Array.from({ length: columns / LANES }, (_, v) => {
    const at: ColumnsAt = (array, bytes, part = 0) =>
      v128.load(i32.add(array, i32.mul(walk.column, bytes)), { offset: v * LANES * bytes + part * 16 });
    const values = finish.prepare(p, walk.begun, at);
    return values.map((value, i) => ({ value, local: f.local("v128", `finish${v}_${i}`) }));
  });
  return [
    prepared.flat().map(({ value, local }) => local.set(value)),
    c.set(i32.add(p.c, i32.mul(walk.column, finish.bytes))),
    Array.from({ length: rows }, (_, r) => [
      store(
        c,
        prepared.map((values, v) =>
          finished(
            r,
            v,
            values.map(({ local }) => local),
          ),
        ),
      ),
      c.set(i32.add(c, p.cStride)),
    ]),
  ];
}
