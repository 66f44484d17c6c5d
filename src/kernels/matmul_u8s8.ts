// The family of 8-bit matrix products: A uint8 × B int8 in panels → C int32, float32 or bytes. A kernel is tile ×
// dot × finish; the exported functions (their contract is in `functions.ts`) cut C into strips of rows, and
// a strip's function walks over the columns in tiles (`tile_u8s8.ts`).

import {
  type Code,
  type Expr,
  type FunctionReference,
  i8x16,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { type Dot, type DotName, dots } from "./dot_u8s8.ts";
import { type AllTypes, type Finish, finishes, integerTypes } from "./finish_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";
import { addRowSumsU8 } from "./row_sums_u8.ts";
import { writeTile } from "./tile_u8s8.ts";
import { storeUpTo } from "./vectors.ts";

/** Rows and columns of C whose sums are in registers together; columns are a multiple of the panel. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

export interface MatmulU8S8Options {
  readonly dot: DotName;
  readonly tile: Tile;
}

/** Adds `matmul_u8s8_i32`, `matmul_u8s8_f32` and `row_sums_u8` to a module that imports its memory. */
export function addMatmulU8S8(module: ModuleBuilder, { dot, tile }: MatmulU8S8Options): void {
  addProducts(module, dots[dot], tile, [finishes.i32, finishes.f32]);
  addRowSumsU8(module);
}

/** Adds `matmul_u8s8_u8` and `matmul_u8s8_u8_fixed`, whose results are bytes again. */
export function addMatmulU8S8U8(module: ModuleBuilder, { dot, tile }: MatmulU8S8Options): void {
  addProducts(module, dots[dot], tile, [finishes.u8, finishes.u8_fixed]);
}

/** The products for any dot and finishes. */
export function addProducts(
  module: ModuleBuilder,
  dot: Dot,
  tile: Tile,
  wanted: readonly Finish[] = Object.values(finishes),
): void {
  const storeColumns = storeColumnsOf(module);
  const storeByteColumns = addStoreByteColumns(module);
  for (const finish of wanted) {
    const strips = Array.from({ length: tile.rows }, (_, i) => {
      const rows = i + 1;
      return addStrip(module, {
        rows,
        columns: columnsFor(rows, tile, dot),
        dot,
        finish,
        storeColumns,
        storeByteColumns,
      });
    });
    addProduct(module, finish, strips);
  }
}

const storeColumnsKnown = new WeakMap<ModuleBuilder, StoreColumns>();

/** The function that stores some columns of a panel, once in a module: all products have it. */
export function storeColumnsOf(module: ModuleBuilder): StoreColumns {
  const storeColumns = storeColumnsKnown.get(module) ?? addStoreColumns(module);
  storeColumnsKnown.set(module, storeColumns);
  return storeColumns;
}

/**
 * Fewer rows leave registers for more columns, and more sums in flight hide the time that one takes. One row, whose
 * weights are read where they are used, has 12 vectors of sums, or 16 twice as wide: 90 GB/s of weights, and 147.
 */
function columnsFor(rows: number, tile: Tile, { accumulators }: Dot): number {
  if (rows === tile.rows) return tile.columns;
  const wide = tile.columns > PANEL;
  const panels = Math.floor((tile.rows * tile.columns) / (rows * PANEL));
  const most = rows > 1 ? (wide ? 4 : 3) : wide ? 8 : 6 / accumulators;
  return PANEL * Math.min(most, panels);
}

/** A product has no more parameters than its finish reads; its code names no others. */
function parametersOf({ types }: Finish): AllTypes {
  return { ...integerTypes, ...types } as AllTypes;
}

type StripReference = FunctionReference<AllTypes, "none">;
export type StoreColumns = ReturnType<typeof addStoreColumns>;
type StoreByteColumns = ReturnType<typeof addStoreByteColumns>;

/** The exported function, from the functions of strips of 1, 2, … rows: the highest repeated, then the rest. */
function addProduct(module: ModuleBuilder, finish: Finish, strips: readonly StripReference[]): void {
  const rows = strips.length;
  module.func(`matmul_u8s8_${finish.word}`, { params: parametersOf(finish) }, (f, p) => [
    f.while(i32.ge_u(p.m, rows), () => [
      strips[rows - 1].call(p),
      p.a.set(i32.add(p.a, i32.mul(p.aStride, rows))),
      p.c.set(i32.add(p.c, i32.mul(p.cStride, rows))),
      p.rowSums.set(i32.add(p.rowSums, rows * 4)),
      p.m.set(i32.sub(p.m, rows)),
    ]),
    strips.slice(0, -1).map((strip, i) => f.if(i32.eq(p.m, i + 1), () => strip.call(p))),
  ]);
}

interface Strip {
  readonly rows: number;
  readonly columns: number;
  readonly dot: Dot;
  readonly finish: Finish;
  readonly storeColumns: StoreColumns;
  readonly storeByteColumns: StoreByteColumns;
}

/**
 * The function of a strip: whole tiles, then the columns that are left, panel by panel. (These have their
 * own code, although a tile could end in a condition: V8's revectorizer aborts on sums that are both stored
 * side by side and handed to a function.)
 */
function addStrip(module: ModuleBuilder, strip: Strip): StripReference {
  const { rows, columns, dot, finish, storeColumns, storeByteColumns } = strip;
  const name = `matmul_u8s8_${rows}x${columns}_${dot.word}_${finish.word}`;
  return module.func(name, { params: parametersOf(finish), exported: false }, (f, p): Code => {
    const begin = finish.begin(p);
    const walk = {
      panel: f.local("i32", "panel"),
      panelBytes: f.local("i32", "panel_bytes"),
      at: f.local("i32", "at"),
      left: f.local("i32", "left"),
      zero: f.local("v128", "zero"),
      begun: f.locals("v128", begin.length, "begun"),
    };
    const shared = { f, p, walk, rows, dot, finish };
    const wholeTile = (columns: number): Code =>
      writeTile({
        ...shared,
        columns,
        unroll: 4,
        store: (c, row) => row.map((value, v) => v128.store(c, value, { offset: v * 16 })),
        storeBytes: (c, row, half) => storeBytes(c, row, columns, half),
      });
    const panel = writeTile({
      ...shared,
      columns: PANEL,
      unroll: 1,
      store: (c, [low, high]) => storeColumns.call({ c, low, high, columns: walk.left }),
      storeBytes: (c, [bytes], half) =>
        storeByteColumns.call({ c, bytes: half === 0 ? bytes : upperHalf(bytes), columns: walk.left }),
    });
    // A single panel has few sums, each waiting for the one before: of one row, half a tile comes between.
    const half = PANEL * Math.floor(columns / (2 * PANEL));
    const widths = rows === 1 && half > PANEL ? [columns, half] : [columns];
    const groups = i32.shr_u(i32.add(p.k, GROUP - 1), Math.log2(GROUP));
    return [
      walk.panelBytes.set(i32.mul(groups, PANEL * GROUP)),
      walk.panel.set(p.b),
      walk.left.set(p.n),
      walk.zero.set(i32x4.splat(i32.sub(dot.shift, p.aZero))),
      begin.map((value, i) => walk.begun[i].set(value)),
      widths.map((columns) => f.while(i32.ge_s(walk.left, columns), () => wholeTile(columns))),
      f.while(i32.gt_s(walk.left, 0), () => panel),
    ];
  });
}

/** Bytes 8 to 15 of a vector. */
const secondHalf = [8, 9, 10, 11, 12, 13, 14, 15];

/** Vectors of 16 columns each, the last perhaps of 8: the lower or upper half. */
function storeBytes(c: Local<"i32">, row: readonly Local<"v128">[], columns: number, half: 0 | 1): Code {
  return row.map((value, v) =>
    columns - 16 * v >= 16
      ? v128.store(c, value, { offset: v * 16 })
      : v128.store64_lane(c, value, half, { offset: v * 16 }),
  );
}

function upperHalf(bytes: Local<"v128">): Expr<"v128"> {
  return i8x16.shuffle(bytes, bytes, [...secondHalf, ...secondHalf]);
}

/** Adds a function that stores the first `columns` of 8 bytes, all if there are more. */
function addStoreByteColumns(module: ModuleBuilder) {
  const params = { c: "i32", bytes: "v128", columns: "i32" } as const;
  return module.func("store_byte_columns", { params, exported: false }, (f, { c, bytes, columns }) => [
    f.if(i32.ge_s(columns, PANEL), () => [v128.store64_lane(c, bytes, 0), f.return()]),
    storeUpTo(f, c, bytes, columns),
  ]);
}

/** Adds a function that stores the first `columns` of 8 columns, all if there are more. */
export function addStoreColumns(module: ModuleBuilder) {
  const params = { c: "i32", low: "v128", high: "v128", columns: "i32" } as const;
  return module.func("store_columns", { params, exported: false }, (f, { c, low, high, columns }) => [
    f.if(i32.ge_s(columns, PANEL), () => [
      v128.store(c, low),
      v128.store(c, high, { offset: 16 }),
      f.return(),
    ]),
    f.if(i32.and(columns, 4), () => [v128.store(c, low), low.set(high), c.set(i32.add(c, 16))]),
    f.if(i32.and(columns, 2), () => [
      v128.store64_lane(c, low, 0),
      low.set(i8x16.shuffle(low, low, [...secondHalf, ...secondHalf])),
      c.set(i32.add(c, 8)),
    ]),
    f.if(i32.and(columns, 1), () => v128.store32_lane(c, low, 0)),
  ]);
}
