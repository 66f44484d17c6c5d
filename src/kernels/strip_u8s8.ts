// One strip of an 8-bit matrix product: a few rows of C, all its columns, in tiles whose sums stay in
// registers. Written for a tile, a dot and a finish; `matmul_u8s8.ts` joins strips into products.

import type { Code, Expr, FunctionBuilder, FunctionReference, Local, ModuleBuilder } from "../wasm/index.ts";
import { f32x4, i8x16, i32, i32x4, v128 } from "../wasm/index.ts";
import type { Dot } from "./dot_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";

/** The parameters of the exported functions, in their order (`functions.ts`). */
export const integerParams = {
  a: "i32",
  aStride: "i32",
  b: "i32",
  c: "i32",
  cStride: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  aZero: "i32",
  bSums: "i32",
  bZeros: "i32",
  rowSums: "i32",
} as const;
export const floatParams = { ...integerParams, aScale: "f32", bScales: "i32", bias: "i32" } as const;

type Parameters = typeof floatParams;
export type Locals = { readonly [K in keyof Parameters]: Local<Parameters[K]> };
type StoreColumns = FunctionReference<{ c: "i32"; low: "v128"; high: "v128"; columns: "i32" }, "none">;

/** What becomes of a tile's sums: `prepare` is computed once for 4 columns, `apply` for each vector of sums. */
export interface Finish {
  readonly word: "i32" | "f32";
  prepare(p: Locals, columns: Address): Expr<"v128">[];
  apply(sums: Expr<"v128">, prepared: readonly Local<"v128">[]): Expr<"v128">;
}
/** The address of the current 4 columns in an array of 32-bit values, one a column. */
type Address = (array: Local<"i32">) => Expr<"v128">;

export interface Variant {
  readonly rows: number;
  /** Columns of a tile: a multiple of the panel. */
  readonly columns: number;
  readonly dot: Dot;
  readonly finish: Finish;
}

/** Columns of one vector of sums. */
const LANES = 4;
/** Bytes of 4 columns, and of a whole panel, in a group of K. */
const HALF = LANES * GROUP;
const STEP = PANEL * GROUP;
/** Groups of K in one pass of the inner loop: pointers move once a pass. */
const UNROLL = 4;

/** −0: x + (−0) is x for every x, also for −0. It stands for a bias that is not given. */
const noBias = v128.const("f32x4", -0);

export const finishes: Record<Finish["word"], Finish> = {
  i32: { word: "i32", prepare: () => [], apply: (sums) => sums },
  f32: {
    word: "f32",
    prepare: ({ aScale, bScales, bias }, load) => [
      f32x4.mul(f32x4.splat(aScale), load(bScales)),
      v128.bitselect(load(bias), noBias, i32x4.splat(i32.sub(0, i32.ne(bias, 0)))),
    ],
    apply: (sums, [scale, bias]) => f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(sums), scale), bias),
  },
};

export function stripName({ rows, columns, dot, finish }: Variant): string {
  return `matmul_u8s8_${rows}x${columns}_${dot.word}_${finish.word}`;
}

/** The code of a strip: whole tiles, then single panels, the last of which may have fewer columns. */
export function writeStrip(
  f: FunctionBuilder<"none">,
  p: Locals,
  store: StoreColumns,
  variant: Variant,
): Code {
  const walk: Walk = {
    panel: f.local("i32", "panel"),
    panelBytes: f.local("i32", "panel_bytes"),
    at: f.local("i32", "at"),
    left: f.local("i32", "left"),
  };
  const groups = i32.shr_u(i32.add(p.k, GROUP - 1), Math.log2(GROUP));
  const { left } = walk;
  return [
    walk.panelBytes.set(i32.mul(groups, STEP)),
    walk.panel.set(p.b),
    left.set(p.n),
    variant.columns > PANEL
      ? f.while(i32.ge_s(left, variant.columns), () => writeTile(f, p, walk, store, variant))
      : [],
    f.while(i32.gt_s(left, 0), () => writeTile(f, p, walk, store, { ...variant, columns: PANEL })),
  ];
}

/** Where in the strip the tile is. */
interface Walk {
  /** The tile's first panel of B. */
  readonly panel: Local<"i32">;
  readonly panelBytes: Local<"i32">;
  /** Byte offset of the tile's first column in a row of C, and in the arrays of columns. */
  readonly at: Local<"i32">;
  /** Columns from there to the end. */
  readonly left: Local<"i32">;
}

function writeTile(
  f: FunctionBuilder<"none">,
  p: Locals,
  walk: Walk,
  store: StoreColumns,
  variant: Variant,
): Code {
  const { rows, columns, dot } = variant;
  const panels = columns / PANEL;
  const vectors = Array.from({ length: columns / LANES }, (_, v) => v);
  const sums = Array.from({ length: rows }, (_, r) =>
    vectors.map((v) => f.locals("v128", dot.accumulators, `c${r}_${v}_`)),
  );
  return [
    sums.flat(2).map((sum) => sum.set(v128.const("i32x4", 0))),
    writeSums(f, p, walk, sums, variant),
    writeCorrection(f, p, walk, sums, variant),
    writeFinish(f, p, walk, store, sums, variant),
    walk.panel.set(i32.add(walk.panel, i32.mul(walk.panelBytes, panels))),
    walk.at.set(i32.add(walk.at, columns * 4)),
    walk.left.set(i32.sub(walk.left, columns)),
  ];
}

/** Accumulators: by row, by vector of columns, by accumulator of the dot. */
type Sums = Local<"v128">[][][];

/** Σk A·B: the inner loop, then the groups that do not fill a pass of it. */
function writeSums(f: FunctionBuilder<"none">, p: Locals, walk: Walk, sums: Sums, variant: Variant): Code {
  const { dot, rows, columns } = variant;
  const panels = f.locals("i32", columns / PANEL, "b");
  const rowPointers = f.locals("i32", rows, "a");
  const weights = sums[0].map((_, v) => f.locals("v128", dot.weightVectors, `w${v}_`));
  const [a, end] = [f.local("v128", "x"), f.local("i32", "end")];

  const group = (u: number): Code => [
    weights.map((vectors, v) =>
      dot.weights(panels[v >> 1], u * STEP + (v & 1) * HALF).map((value, i) => vectors[i].set(value)),
    ),
    sums.map((row, r) => [
      a.set(dot.activations(rowPointers[r], u * GROUP)),
      row.map((accumulators, v) => dot.add(accumulators, a, weights[v])),
    ]),
  ];
  const pass = (groups: number): Code =>
    f.while(i32.lt_u(panels[0], end), () => [
      Array.from({ length: groups }, (_, u) => group(u)),
      panels.map((pointer) => pointer.set(i32.add(pointer, groups * STEP))),
      rowPointers.map((pointer) => pointer.set(i32.add(pointer, groups * GROUP))),
    ]);
  const whole = i32.and(walk.panelBytes, -UNROLL * STEP);
  return [
    panels.map((pointer, i) => pointer.set(i === 0 ? walk.panel : i32.add(panels[i - 1], walk.panelBytes))),
    rowPointers.map((pointer, r) => pointer.set(r === 0 ? p.a : i32.add(rowPointers[r - 1], p.aStride))),
    end.set(i32.add(walk.panel, whole)),
    pass(UNROLL),
    end.set(i32.add(walk.panel, walk.panelBytes)),
    pass(1),
  ];
}

/**
 * Zero points. With x = A + shift for the bytes A that the dot saw:
 * Σ (x − aZero)(B − bZero) = ΣA·B + (shift − aZero)·ΣB − bZero·(Σx − K·aZero); the total is left in the
 * first accumulator.
 */
function writeCorrection(
  f: FunctionBuilder<"none">,
  p: Locals,
  walk: Walk,
  sums: Sums,
  { dot }: Variant,
): Code {
  const [perColumn, perRow] = [f.local("v128", "per_column"), f.local("v128", "per_row")];
  const ofColumns = (v: number) => (array: Local<"i32">) =>
    v128.load(i32.add(array, walk.at), { offset: v * HALF });
  const rowSum = (r: number) => i32.load(p.rowSums, { offset: r * 4 });
  return [
    sums[0].map((_, v) => [
      perColumn.set(i32x4.mul(ofColumns(v)(p.bSums), i32x4.splat(i32.sub(dot.shift, p.aZero)))),
      sums.map((row) => row[v][0].set(i32x4.add(dot.join(row[v]), perColumn))),
    ]),
    f.if(p.bZeros, () =>
      sums.map((row, r) => [
        perRow.set(i32x4.splat(i32.sub(rowSum(r), i32.mul(p.k, p.aZero)))),
        row.map(([sum], v) => sum.set(i32x4.sub(sum, i32x4.mul(ofColumns(v)(p.bZeros), perRow)))),
      ]),
    ),
  ];
}

/** Sums → what C holds, stored. A single panel may be the last one, and wider than C. */
function writeFinish(
  f: FunctionBuilder<"none">,
  p: Locals,
  walk: Walk,
  store: StoreColumns,
  sums: Sums,
  { finish, columns }: Variant,
): Code {
  const c = f.local("i32", "c_row");
  const prepared = sums[0].map((_, v) => {
    const load = (array: Local<"i32">) => v128.load(i32.add(array, walk.at), { offset: v * HALF });
    return finish.prepare(p, load).map((value) => ({ value, local: f.local("v128", `finish${v}`) }));
  });
  const values = (row: Local<"v128">[][]) =>
    row.map(([sum], v) =>
      finish.apply(
        sum.get,
        prepared[v].map(({ local }) => local),
      ),
    );
  const eachRow = (write: (row: Expr<"v128">[]) => Code): Code => [
    c.set(i32.add(p.c, walk.at)),
    sums.map((row) => [write(values(row)), c.set(i32.add(c, p.cStride))]),
  ];
  const whole = () => eachRow((row) => row.map((value, v) => v128.store(c, value, { offset: v * HALF })));
  const part = () => eachRow(([low, high]) => store.call({ c, low, high, columns: walk.left }));
  return [
    prepared.flat().map(({ value, local }) => local.set(value)),
    columns > PANEL ? whole() : f.if(i32.ge_s(walk.left, PANEL), whole, part),
  ];
}

/** Adds a function that stores the first 1…7 of 8 columns. */
export function addStoreColumns(module: ModuleBuilder): StoreColumns {
  const params = { c: "i32", low: "v128", high: "v128", columns: "i32" } as const;
  const secondHalf = [8, 9, 10, 11, 12, 13, 14, 15];
  return module.func("store_columns", { params, exported: false }, (f, { c, low, high, columns }) => [
    f.if(i32.and(columns, 4), () => [v128.store(c, low), low.set(high), c.set(i32.add(c, 16))]),
    f.if(i32.and(columns, 2), () => [
      v128.store64_lane(c, low, 0),
      low.set(i8x16.shuffle(low, low, [...secondHalf, ...secondHalf])),
      c.set(i32.add(c, 8)),
    ]),
    f.if(i32.and(columns, 1), () => v128.store32_lane(c, low, 0)),
  ]);
}
