// The family of products with 16-bit activations: A int16 × B int8 or int16 in panels of pairs → C float32, or int16
// by TFLite's rule. A strip of rows is cut into tiles of columns (`tile_s16.ts`); rows left over go one by one.

import {
  type Code,
  type Expr,
  type FunctionReference,
  i8x16,
  i16x8,
  i32,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { type Finish16, finishes16, type Types16 } from "./finish_s16.ts";
import { PAIR, PANEL } from "./layout.ts";
import type { StoreColumns, Tile } from "./matmul_u8s8.ts";
import { type Weights16, weights16, writeTile16 } from "./tile_s16.ts";

type StripReference = FunctionReference<Types16, "none">;

interface Strip extends Tile {
  readonly weights: Weights16;
  readonly finish: Finish16;
  /** Stores the first columns of a panel. */
  readonly storePart: (
    c: Parameters<StoreColumns["call"]>[0]["c"],
    row: readonly Expr<"v128">[],
    left: Left,
  ) => Code;
}
type Left = Parameters<StoreColumns["call"]>[0]["columns"];

/** Adds `matmul_s16s8_f32`, `matmul_s16s8_s16` and the same of 16-bit weights. */
export function addMatmulS16(module: ModuleBuilder, tile: Tile, storeColumns: StoreColumns): void {
  const storeShorts = addStoreShorts(module);
  const storeParts: Record<Finish16["word"], Strip["storePart"]> = {
    f32: (c, [low, high], columns) => storeColumns.call({ c, low, high, columns }),
    s16: (c, [low, high], columns) =>
      storeShorts.call({ c, values: i16x8.narrow_i32x4_s(low, high), columns }),
  };
  for (const weights of Object.values(weights16))
    for (const finish of Object.values(finishes16)) {
      // Two parts of a weight take twice the sums.
      const rows = Math.floor(tile.rows / weights.gains.length);
      const shared = { weights, finish, storePart: storeParts[finish.word] };
      const strip = addStrip(module, { ...shared, rows, columns: tile.columns });
      const one = addStrip(module, { ...shared, rows: 1, columns: (4 * PANEL) / weights.gains.length });
      addProduct(module, shared, strip, rows, one);
    }
}

function addProduct(
  module: ModuleBuilder,
  { weights, finish }: Pick<Strip, "weights" | "finish">,
  strip: StripReference,
  rows: number,
  one: StripReference,
): void {
  module.func(`matmul_${weights.word}_${finish.word}`, { params: finish.types }, (f, p) => {
    const some = (count: number, reference: StripReference) =>
      f.while(i32.ge_u(p.m, count), () => [
        reference.call(p),
        p.a.set(i32.add(p.a, i32.mul(p.aStride, count))),
        p.c.set(i32.add(p.c, i32.mul(p.cStride, count))),
        p.m.set(i32.sub(p.m, count)),
      ]);
    return [some(rows, strip), some(1, one)];
  });
}

/** The function of a strip: whole tiles, then the columns that are left, panel by panel. */
function addStrip(
  module: ModuleBuilder,
  { rows, columns, weights, finish, storePart }: Strip,
): StripReference {
  const name = `matmul_${weights.word}_${rows}x${columns}_plain_${finish.word}`;
  return module.func(name, { params: finish.types, exported: false }, (f, p): Code => {
    const begin = finish.begin(p);
    const walk = {
      panel: f.local("i32", "panel"),
      panelBytes: f.local("i32", "panel_bytes"),
      runBytes: f.local("i32", "run_bytes"),
      column: f.local("i32", "column"),
      left: f.local("i32", "left"),
      low: f.local("v128", "low"),
      begun: f.locals("v128", begin.length, "begun"),
    };
    const shared = { f, p, walk, rows, weights, finish };
    const wholeTile = writeTile16({ ...shared, columns, unroll: 2, store: finish.store });
    const store = (c: Left, row: readonly Expr<"v128">[]) => storePart(c, row, walk.left);
    const panel = writeTile16({ ...shared, columns: PANEL, unroll: 1, store });
    const pairs = i32.shr_u(i32.add(p.k, PAIR - 1), Math.log2(PAIR));
    return [
      walk.panelBytes.set(i32.mul(pairs, PANEL * PAIR * weights.bytes)),
      walk.runBytes.set(i32.mul(p.run, PANEL * weights.bytes)),
      walk.panel.set(p.b),
      walk.left.set(p.n),
      walk.low.set(v128.const("i16x8", 255)),
      begin.map((value, i) => walk.begun[i].set(value)),
      f.while(i32.ge_s(walk.left, columns), () => wholeTile),
      f.while(i32.gt_s(walk.left, 0), () => panel),
    ];
  });
}

/** Adds a function that stores the first `columns` of 8 values of 16 bits, all if there are more. */
function addStoreShorts(module: ModuleBuilder) {
  const params = { c: "i32", values: "v128", columns: "i32" } as const;
  const from = (lane: number) => Array.from({ length: 16 }, (_, byte) => Math.min(lane * 2 + byte, 15));
  return module.func("store_shorts", { params, exported: false }, (f, { c, values, columns }) => {
    const some = (count: 4 | 2 | 1) => [
      count === 4
        ? v128.store64_lane(c, values, 0)
        : count === 2
          ? v128.store32_lane(c, values, 0)
          : v128.store16_lane(c, values, 0),
      values.set(i8x16.shuffle(values, values, from(count))),
      c.set(i32.add(c, count * 2)),
    ];
    return [
      f.if(i32.ge_s(columns, PANEL), () => [v128.store(c, values), f.return()]),
      ([4, 2, 1] as const).map((count) => f.if(i32.and(columns, count), () => some(count))),
    ];
  });
}
