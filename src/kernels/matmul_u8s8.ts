// The family of 8-bit matrix products: A uint8 × B int8 in panels → C int32 or float32. A kernel is tile ×
// dot × finish; the exported functions (their contract is in `functions.ts`) cut C into strips of rows.

import { type FunctionReference, i32, type ModuleBuilder } from "../wasm/index.ts";
import { type DotName, dots } from "./dot_u8s8.ts";
import { PANEL } from "./layout.ts";
import { addRowSumsU8 } from "./row_sums_u8.ts";
import * as strips from "./strip_u8s8.ts";

/** Rows and columns of C whose sums are in registers together; columns are a multiple of the panel. */
export interface Tile {
  readonly rows: number;
  readonly columns: number;
}

export interface MatmulU8S8Options {
  readonly dot: DotName;
  readonly tile: Tile;
}

type Parameters = typeof strips.floatParams;

/** Adds `matmul_u8s8_i32`, `matmul_u8s8_f32` and `row_sums_u8` to a module that imports its memory. */
export function addMatmulU8S8(module: ModuleBuilder, options: MatmulU8S8Options): void {
  const store = strips.addStoreColumns(module);
  for (const finish of [strips.finishes.i32, strips.finishes.f32]) addProduct(module, options, finish, store);
  addRowSumsU8(module);
}

/** The exported function: strips of the tile's rows, then one strip of the rows that are left. */
function addProduct(
  module: ModuleBuilder,
  { dot, tile }: MatmulU8S8Options,
  finish: strips.Finish,
  store: ReturnType<typeof strips.addStoreColumns>,
): void {
  // The integer product lacks the float one's last parameters, which its code does not name either.
  const params = (finish.word === "f32" ? strips.floatParams : strips.integerParams) as Parameters;
  const strip = (rows: number): FunctionReference<Parameters, "none"> => {
    const variant = { rows, columns: columnsFor(rows, tile), dot: dots[dot], finish };
    return module.func(strips.stripName(variant), { params, exported: false }, (f, p) =>
      strips.writeStrip(f, p, store, variant),
    );
  };
  const byRows = Array.from({ length: tile.rows }, (_, i) => strip(i + 1));
  module.func(`matmul_u8s8_${finish.word}`, { params }, (f, p) => [
    f.while(i32.ge_u(p.m, tile.rows), () => [
      byRows[tile.rows - 1].call(p),
      p.a.set(i32.add(p.a, i32.mul(p.aStride, tile.rows))),
      p.c.set(i32.add(p.c, i32.mul(p.cStride, tile.rows))),
      p.rowSums.set(i32.add(p.rowSums, tile.rows * 4)),
      p.m.set(i32.sub(p.m, tile.rows)),
    ]),
    byRows.slice(0, -1).map((strip, i) => f.if(i32.eq(p.m, i + 1), () => strip.call(p))),
  ]);
}

/**
 * Fewer rows leave registers for more columns, and more sums in flight hide the time one takes; more than
 * 4 panels would be more streams than a processor prefetches.
 */
function columnsFor(rows: number, tile: Tile): number {
  if (rows === tile.rows) return tile.columns;
  const panels = Math.floor((tile.rows * tile.columns) / (rows * PANEL));
  return PANEL * Math.min(4, panels);
}
