// Float32 matrix products: tiles of rows × panels of columns, each output summed in the order of k. The definition is
// `src/reference/matmul.ts`. One reads B where it lies, row by row; the other one constant weights in panels
// (`layout.ts`), front to back, as dense layers, convolutions and recurrent layers have them.

import {
  type Code,
  type FunctionBuilder,
  f32x4,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { PANEL } from "./layout.ts";
import { FLOAT, storePartial, VECTOR } from "./vectors.ts";

/** A row of a panel, in vectors and in bytes. */
const [VECTORS, PANEL_ROW] = [PANEL / 4, PANEL * FLOAT];

/** What is computed at once; of weights in panels, `unroll` values of K follow each other without a jump. */
interface Tile {
  readonly rows: number;
  readonly panels: number;
  readonly unroll: number;
}

/**
 * Sums, a row of the panels and one value of A fit 16 registers, or 16 pairs of them where the host fuses neighbouring
 * vectors. Few rows take several panels: the more sums, the less an addition waits for the one before.
 */
const tiles: readonly Tile[] = [
  { rows: 6, panels: 1, unroll: 1 },
  { rows: 4, panels: 1, unroll: 2 },
  { rows: 2, panels: 2, unroll: 2 },
  { rows: 1, panels: 4, unroll: 4 },
];

const before = { a: "i32", aStride: "i32", b: "i32" } as const;
const after = { c: "i32", cStride: "i32", m: "i32", n: "i32", k: "i32", bias: "i32" } as const;
type Parameters = { readonly [K in keyof typeof before | keyof typeof after]: Local<"i32"> };

/** How B lies: `step` is from row to row of it, or in panels from panel to panel. */
interface Form {
  readonly name: string;
  readonly inPanels: boolean;
}
const forms: readonly Form[] = [
  { name: "matmul_f32", inPanels: false },
  { name: "linear_f32", inPanels: true },
];

/** @param columns of the widest tile of 6 rows: 8, or 16 where vectors are fused */
export function addMatmulF32(module: ModuleBuilder, columns: number): void {
  for (const form of forms) {
    const bands = tiles.map(({ rows, panels, unroll }) => {
      const tile = { rows, panels: (panels * columns) / PANEL, unroll: form.inPanels ? unroll : 1 };
      return { rows, band: addBand(module, form, tile) };
    });
    const params = { ...before, ...(form.inPanels ? {} : { bStride: "i32" as const }), ...after };
    module.func(form.name, { params }, (f, p) => {
      const { bStride = f.local("i32", "panelBytes"), ...own } = p as Parameters & { bStride?: Local<"i32"> };
      return [
        form.inPanels ? bStride.set(i32.mul(p.k, PANEL_ROW)) : [],
        bands.map(({ rows, band }) =>
          f.while(i32.ge_s(p.m, rows), () => [
            band.call({ ...own, step: bStride }),
            p.a.set(i32.add(p.a, i32.mul(p.aStride, rows))),
            p.c.set(i32.add(p.c, i32.mul(p.cStride, rows))),
            p.m.set(i32.sub(p.m, rows)),
          ]),
        ),
      ];
    });
  }
}

/** All columns of some rows: several panels at once, then one by one. */
function addBand(module: ModuleBuilder, { name, inPanels }: Form, tile: Tile) {
  const params = { ...before, step: "i32", ...after } as const;
  return module.func(`${name}_${tile.rows}_rows`, { params, exported: false }, (f, p) =>
    (tile.panels > 1 ? [tile.panels, 1] : [1]).map((panels) =>
      f.while(i32.gt_s(p.n, PANEL * (panels - 1)), () => [
        compute(f, p, { ...tile, panels }, inPanels),
        p.b.set(i32.add(p.b, inPanels ? i32.mul(p.step, panels) : panels * PANEL_ROW)),
        p.c.set(i32.add(p.c, panels * PANEL_ROW)),
        f.if(p.bias, () => p.bias.set(i32.add(p.bias, panels * PANEL_ROW))),
        p.n.set(i32.sub(p.n, PANEL * panels)),
      ]),
    ),
  );
}

/** One tile: C[rows][panels] from the pointers in p, of which p.n columns exist. */
function compute(
  f: FunctionBuilder,
  p: Parameters & { readonly step: Local<"i32"> },
  { rows, panels, unroll }: Tile,
  inPanels: boolean,
): Code {
  const sums = Array.from({ length: rows }, () => f.locals("v128", panels * VECTORS));
  const bs = f.locals("v128", panels * VECTORS);
  const [as, from] = [f.locals("i32", rows), f.locals("i32", inPanels ? panels : 1)];
  const [left, value] = [f.local("i32", "left"), f.local("v128", "a")];
  /** Vector i of row `at` of B from where the pointers are. */
  const vectorOfB = (i: number, at: number) =>
    inPanels
      ? v128.load(from[Math.floor(i / VECTORS)], { offset: at * PANEL_ROW + (i % VECTORS) * VECTOR })
      : v128.load(from[0], { offset: i * VECTOR });
  /** Of one row each vector is read where it is used: more sums fit the registers. */
  const rowProduct = (at: number): Code => [
    value.set(v128.load32_splat(as[0], { offset: at * FLOAT })),
    sums[0].map((sum, i) => sum.set(f32x4.add(sum, f32x4.mul(value, vectorOfB(i, at))))),
  ];
  const tileProduct = (at: number): Code => [
    bs.map((vector, i) => vector.set(vectorOfB(i, at))),
    as.map((a, row) => [
      value.set(v128.load32_splat(a, { offset: at * FLOAT })),
      sums[row].map((sum, i) => sum.set(f32x4.add(sum, f32x4.mul(value, bs[i])))),
    ]),
  ];
  const walk = (count: number): Code =>
    f.while(i32.ge_s(left, count), () => [
      Array.from({ length: count }, (_, at) => (rows === 1 ? rowProduct : tileProduct)(at)),
      as.map((a) => a.set(i32.add(a, count * FLOAT))),
      from.map((panel) => panel.set(i32.add(panel, inPanels ? count * PANEL_ROW : p.step))),
      left.set(i32.sub(left, count)),
    ]);
  return [
    as.map((a, row) => a.set(row === 0 ? p.a : i32.add(as[row - 1], p.aStride))),
    from.map((panel, i) => panel.set(i === 0 ? p.b : i32.add(from[i - 1], p.step))),
    sums.flat().map((sum) => sum.set(v128.const("f32x4", 0))),
    left.set(p.k),
    (unroll > 1 ? [unroll, 1] : [1]).map(walk),
    f.if(p.bias, () =>
      bs.map((vector, i) => [
        vector.set(v128.load(p.bias, { offset: i * VECTOR })),
        sums.map((row) => row[i].set(f32x4.add(row[i], vector))),
      ]),
    ),
    storeTile(f, p, sums),
  ];
}

/** Stores those of the tile's columns that exist; mostly all. */
function storeTile(f: FunctionBuilder, p: Parameters, sums: Local<"v128">[][]): Code {
  const [at, columns] = [f.local("i32", "at"), f.local("i32", "columns")];
  const storeAll = () => [
    at.set(p.c),
    sums.map((row) => [
      row.map((sum, i) => v128.store(at, sum, { offset: i * VECTOR })),
      at.set(i32.add(at, p.cStride)),
    ]),
  ];
  const storeVector = (sum: Local<"v128">) =>
    f.if(
      i32.ge_s(columns, 4),
      () => [v128.store(at, sum), at.set(i32.add(at, VECTOR)), columns.set(i32.sub(columns, 4))],
      () => [f.if(i32.gt_s(columns, 0), () => storePartial(f, at, sum, columns)), columns.set(0)],
    );
  const storeSome = () =>
    sums.map((row, index) => [
      at.set(i32.add(p.c, i32.mul(p.cStride, index))),
      columns.set(p.n),
      row.map(storeVector),
    ]);
  return f.if(i32.ge_s(p.n, 4 * sums[0].length), storeAll, storeSome);
}
