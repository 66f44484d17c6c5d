// The float32 matrix product: tiles of rows × vectors of columns, each output summed in the order of k. The
// definition is `src/reference/matmul.ts`. B is read where it lies, without packing.

import { type FunctionBuilder, f32x4, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { FLOAT, storePartial, VECTOR } from "./vectors.ts";

/**
 * What is computed at once: `rows` rows by `vectors` vectors of columns, for as long as at least `columns`
 * columns are left. Accumulators, a row of B and one value of A fit 16 registers, or 16 pairs of them where
 * the host fuses neighbouring vectors.
 */
interface Width {
  readonly vectors: number;
  readonly columns: number;
}
const anyWidth: readonly Width[] = [
  { vectors: 2, columns: 5 },
  { vectors: 1, columns: 1 },
];
const tiles = (columns: number): { rows: number; widths: readonly Width[] }[] => [
  { rows: 6, widths: [...(columns > 8 ? [{ vectors: columns / 4, columns }] : []), ...anyWidth] },
  // A single row is a chain of additions for each vector: many vectors hide their latency.
  { rows: 1, widths: [{ vectors: 8, columns: 32 }, ...anyWidth] },
];

const params = {
  ...({ a: "i32", aStride: "i32", b: "i32", bStride: "i32", c: "i32", cStride: "i32" } as const),
  ...({ m: "i32", n: "i32", k: "i32", bias: "i32" } as const),
} as const;
type Parameters = { readonly [K in keyof typeof params]: Local<"i32"> };

/** @param columns of the widest tile of 6 rows, a multiple of 4: 8, or 16 where vectors are fused */
export function addMatmulF32(module: ModuleBuilder, columns: number): void {
  const bands = tiles(columns).map(({ rows, widths }) => ({ rows, band: addBand(module, rows, widths) }));
  module.func("matmul_f32", { params }, (f, p) =>
    bands.map(({ rows, band }) =>
      f.while(i32.ge_s(p.m, rows), () => [
        band.call(p),
        p.a.set(i32.add(p.a, i32.mul(p.aStride, rows))),
        p.c.set(i32.add(p.c, i32.mul(p.cStride, rows))),
        p.m.set(i32.sub(p.m, rows)),
      ]),
    ),
  );
}

/** All columns of `rows` rows. */
function addBand(module: ModuleBuilder, rows: number, widths: readonly Width[]) {
  return module.func(`matmul_f32_${rows}_rows`, { params, exported: false }, (f, p) =>
    widths.map(({ vectors, columns }) =>
      f.while(i32.ge_s(p.n, columns), () => [
        tile(f, p, rows, vectors),
        [p.b, p.c].map((at) => at.set(i32.add(at, vectors * VECTOR))),
        f.if(p.bias, () => p.bias.set(i32.add(p.bias, vectors * VECTOR))),
        p.n.set(i32.sub(p.n, vectors * 4)),
      ]),
    ),
  );
}

/** One tile: C[rows][vectors] from the pointers in p, of which p.n columns exist. */
function tile(f: FunctionBuilder, p: Parameters, rows: number, vectors: number) {
  const sums = Array.from({ length: rows }, () => f.locals("v128", vectors));
  const bs = f.locals("v128", vectors);
  const as = f.locals("i32", rows);
  const [b, left] = [f.local("i32", "bRow"), f.local("i32", "left")];
  const value = f.local("v128", "a");
  const product = [
    bs.map((vector, i) => vector.set(v128.load(b, { offset: i * VECTOR }))),
    as.map((a, row) => [
      value.set(v128.load32_splat(a)),
      sums[row].map((sum, i) => sum.set(f32x4.add(sum, f32x4.mul(value, bs[i])))),
      a.set(i32.add(a, FLOAT)),
    ]),
  ];
  return [
    as.map((a, row) => a.set(row === 0 ? p.a : i32.add(as[row - 1], p.aStride))),
    sums.flat().map((sum) => sum.set(v128.const("f32x4", 0))),
    [b.set(p.b), left.set(p.k)],
    f.while(left, () => [product, b.set(i32.add(b, p.bStride)), left.set(i32.sub(left, 1))]),
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
function storeTile(f: FunctionBuilder, p: Parameters, sums: Local<"v128">[][]) {
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
