// The family of products with 4-bit weights in blocks: A uint8 × B int4 in panels → C float32. The weights
// are unpacked in registers, next to the dot that uses them; everything else is as in `matmul_u8s8.ts`: strips
// of rows, cut into tiles of columns (`tile_u8s4.ts`).

import {
  type Code,
  type FunctionReference,
  f32x4,
  i32,
  i32x4,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import type { Dot } from "./dot_u8s8.ts";
import { BLOCK_RECORD, NIBBLE_GAIN, NIBBLE_GROUP, PANEL } from "./layout.ts";
import type { StoreColumns, Tile } from "./matmul_u8s8.ts";
import { blockTypes, writeBlockTile } from "./tile_u8s4.ts";

type StripReference = FunctionReference<typeof blockTypes, "none">;

interface Strip {
  readonly rows: number;
  readonly columns: number;
  readonly dot: Dot;
  readonly storeColumns: StoreColumns;
}

/** Adds `matmul_u8s4_f32`. */
export function addMatmulU8S4(module: ModuleBuilder, dot: Dot, tile: Tile, storeColumns: StoreColumns): void {
  const strips = Array.from({ length: tile.rows }, (_, i) =>
    addStrip(module, { rows: i + 1, columns: columnsFor(i + 1, tile), dot, storeColumns }),
  );
  const rows = strips.length;
  module.func("matmul_u8s4_f32", { params: blockTypes }, (f, p) => [
    f.while(i32.ge_u(p.m, rows), () => [
      strips[rows - 1].call(p),
      p.a.set(i32.add(p.a, i32.mul(p.aStride, rows))),
      p.c.set(i32.add(p.c, i32.mul(p.cStride, rows))),
      p.m.set(i32.sub(p.m, rows)),
    ]),
    strips.slice(0, -1).map((strip, i) => f.if(i32.eq(p.m, i + 1), () => strip.call(p))),
  ]);
}

/** Fewer rows leave registers for more columns. */
function columnsFor(rows: number, tile: Tile): number {
  const most = 4;
  const panels = Math.floor((tile.rows * tile.columns) / (rows * PANEL));
  return rows === tile.rows ? tile.columns : PANEL * Math.min(most, panels);
}

/** The function of a strip: whole tiles, then the columns that are left, panel by panel. */
function addStrip(module: ModuleBuilder, { rows, columns, dot, storeColumns }: Strip): StripReference {
  const name = `matmul_u8s4_${rows}x${columns}_${dot.word}_f32`;
  return module.func(name, { params: blockTypes, exported: false }, (f, p): Code => {
    const pointers = ["panel", "record", "panelBytes", "recordBytes", "blockBytes", "at", "left"] as const;
    const vectors = ["zero", "scale", "hasBias", "high"] as const;
    const walk = {
      ...named(pointers, (word) => f.local("i32", word)),
      ...named(vectors, (word) => f.local("v128", word)),
    };
    const shared = { f, p, walk, rows, dot };
    const wholeTile = writeBlockTile({
      ...shared,
      columns,
      unroll: 4,
      store: (c, row) => row.map((value, v) => v128.store(c, value, { offset: v * 16 })),
    });
    const panel = writeBlockTile({
      ...shared,
      columns: PANEL,
      unroll: 1,
      store: (c, [low, high]) => storeColumns.call({ c, low, high, columns: walk.left }),
    });
    const groups = i32.shr_u(i32.add(p.k, NIBBLE_GROUP - 1), Math.log2(NIBBLE_GROUP));
    const blocks = i32.div_u(i32.add(p.k, i32.sub(p.block, 1)), p.block);
    return [
      walk.panelBytes.set(i32.mul(groups, (PANEL * NIBBLE_GROUP) / 2)),
      walk.recordBytes.set(i32.mul(blocks, BLOCK_RECORD)),
      walk.blockBytes.set(i32.mul(p.block, PANEL / 2)),
      walk.panel.set(p.b),
      walk.record.set(p.records),
      walk.left.set(p.n),
      walk.zero.set(i32x4.splat(i32.and(i32.mul(i32.sub(dot.shift, p.aZero), NIBBLE_GAIN), 0xffff))),
      walk.scale.set(f32x4.splat(p.aScale)),
      walk.hasBias.set(i32x4.splat(i32.sub(0, i32.ne(p.bias, 0)))),
      walk.high.set(v128.const("i8x16", -16)),
      f.while(i32.ge_s(walk.left, columns), () => wholeTile),
      f.while(i32.gt_s(walk.left, 0), () => panel),
    ];
  });
}

function named<K extends string, T>(names: readonly K[], make: (name: K) => T): Record<K, T> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, T>;
}
