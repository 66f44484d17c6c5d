// Depthwise convolution of bytes with windows of several lines and columns. Windows beside one another share columns:
// the bytes of 4 lines are turned once for each column of the image (`depthwise_block.ts`), and a window then takes the
// turned bytes of its columns. Two passes for each line of windows and block of channels, in scratch memory that stays
// in cache.

import { type Code, type Expr, i32, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { type Block, eachBlock, type Sums, turner, writeBlock, writeStarts } from "./depthwise_block.ts";
import type { Dot } from "./dot_u8s8.ts";
import { type Finish, finishes, type Parameters } from "./finish_u8s8.ts";
import { GROUP, PANEL } from "./layout.ts";
import { bytesOf } from "./tile_u8s8.ts";
import { advance, storeUpTo, VECTOR } from "./vectors.ts";

const types = {
  ...({ x: "i32", y: "i32", lines: "i32", lineStep: "i32", windows: "i32", windowColumns: "i32" } as const),
  ...({ columns: "i32", offsets: "i32", groups: "i32", kernelColumns: "i32", dilation: "i32" } as const),
  ...({ channels: "i32", weights: "i32", xZero: "i32", sums: "i32", scratch: "i32", turned: "i32" } as const),
} as const;
type Lines = { readonly [K in keyof typeof types]: Local<"i32"> } & Parameters;

/** Bytes that 16 channels take at 4 lines of a column. */
const TURNED = 4 * VECTOR;
/** Kernels of so many columns and 4 lines or fewer have code without a loop. */
const USUAL = 3;
/** Windows that are computed together, and channels of a vector of sums. */
const FOUR = 4;

export function addDepthwiseLinesU8S8(module: ModuleBuilder, dot: Dot): void {
  for (const finish of [finishes.u8, finishes.u8_fixed]) addDepthwiseLines(module, dot, finish);
}

interface LinesBlock extends Block {
  readonly p: Lines;
  /** Bytes of all turned lines of a column; of a panel. */
  readonly columnBytes: Local<"i32">;
  readonly panelBytes: Local<"i32">;
  /** A window's first column among the turned ones. */
  readonly from: Local<"i32">;
}

function addDepthwiseLines(module: ModuleBuilder, dot: Dot, finish: Finish): void {
  const params = { ...types, ...finish.types } as typeof types;
  module.func(`depthwise_lines_u8s8_${finish.word}`, { params }, (f, parameters) => {
    const p = parameters as unknown as Lines;
    const values = finish.begin(p);
    const begun = f.locals("v128", values.length, "begun");
    const [panel, at, panelBytes, columnBytes, from] = f.locals("i32", 5, "block");
    const [x, y, left, windows] = f.locals("i32", 4, "line");
    const block: LinesBlock = { f, p, dot, finish, begun, panel, at, panelBytes, columnBytes, from };
    const usual = i32.and(i32.eq(p.groups, 1), i32.eq(p.kernelColumns, USUAL));
    const straight = i32.and(usual, i32.eq(p.dilation, 1));
    const walk = (panels: 1 | 2, add: (sums: Sums) => Code): Code => {
      const { code, bytes } = writeBlock(block, panels, add);
      const count = i32.lt_s(left, PANEL);
      return f.while(windows, () => [
        code,
        panels === 2
          ? v128.store(y, bytes)
          : f.if(
              count,
              () => storeUpTo(f, y, bytes, left),
              () => v128.store64_lane(y, bytes, 0),
            ),
        [advance([y], p.channels), from.set(i32.add(from, i32.mul(p.windowColumns, columnBytes)))],
        windows.set(i32.sub(windows, 1)),
      ]);
    };
    const fours = (panels: 1 | 2): Code =>
      f.if(i32.ge_s(left, panels * PANEL), () => [
        writeFours(block, panels, y, windows),
        // What is left of the line goes on where these end.
        y.set(i32.add(y, i32.mul(i32.and(p.windows, -FOUR), p.channels))),
        from.set(i32.add(from, i32.mul(i32.and(p.windows, -FOUR), i32.mul(p.windowColumns, columnBytes)))),
        windows.set(i32.and(p.windows, FOUR - 1)),
      ]);
    const channels = (panels: 1 | 2): Code => [
      turnColumns(block, panels, i32.add(x, i32.shr_u(at, 2))),
      [y.set(i32.add(p.y, i32.shr_u(at, 2))), from.set(p.turned), windows.set(p.windows)],
      f.if(
        straight,
        () => [dot.accumulators === 1 ? fours(panels) : [], walk(panels, (sums) => usualSums(block, sums))],
        () => walk(panels, (sums) => anySums(block, sums)),
      ),
      [advance([at], panels * PANEL * 4), panel.set(i32.add(panel, i32.mul(panelBytes, panels)))],
    ];
    return [
      columnBytes.set(i32.mul(p.groups, TURNED)),
      panelBytes.set(i32.mul(i32.mul(p.groups, p.kernelColumns), PANEL * GROUP)),
      values.map((value, i) => begun[i].set(value)),
      writeStarts(block),
      x.set(p.x),
      f.while(p.lines, () => [
        [panel.set(p.weights), at.set(0), left.set(p.channels)],
        eachBlock(f, left, channels),
        [advance([x], p.lineStep), p.y.set(i32.add(p.y, i32.mul(p.windows, p.channels)))],
        p.lines.set(i32.sub(p.lines, 1)),
      ]),
    ];
  });
}

/** The first pass: every column's bytes of a block of channels, from `x` on, 4 lines at a time. */
function turnColumns({ f, p }: LinesBlock, panels: number, x: Expr<"i32">): Code {
  const [at, to, table, left, groups] = f.locals("i32", 5, "column");
  const { places, turned, code } = turner(f, panels);
  return [
    [at.set(x), to.set(p.turned), left.set(p.columns)],
    f.while(left, () => [
      [table.set(p.offsets), groups.set(p.groups)],
      f.loop((again) => [
        places.map((place, i) => place.set(v128.load(i32.add(at, i32.load(table, { offset: 4 * i }))))),
        code,
        turned.map((vector, v) => v128.store(to, vector, { offset: v * VECTOR })),
        [advance([table], 4 * GROUP), advance([to], TURNED), groups.set(i32.sub(groups, 1))],
        again.brIf(groups),
      ]),
      [advance([at], p.channels), left.set(i32.sub(left, 1))],
    ]),
  ];
}

/** Products of the turned bytes at `from` with the weights at `panel` and, for the upper half, a panel on. */
function products(
  { f, dot }: LinesBlock,
  sums: Sums,
  [from, panel, second]: readonly [Local<"i32">, Local<"i32">, Local<"i32">],
  column: number,
): Code {
  const x = f.locals("v128", sums.length, "x");
  const weights = (v: number): Expr<"v128">[] =>
    dot.weights(v < 2 ? panel : second, column * PANEL * GROUP + (v & 1) * VECTOR);
  return [
    x.map((vector, v) => vector.set(v128.load(from, { offset: column * TURNED + v * VECTOR }))),
    x.map((vector, v) => dot.addEach(sums[v], dot.channels(vector), weights(v))),
  ];
}

function usualSums(block: LinesBlock, sums: Sums): Code {
  const { f, panel, panelBytes, from } = block;
  const second = f.local("i32", "second");
  return [
    sums.length > 2 ? second.set(i32.add(panel, panelBytes)) : [],
    Array.from({ length: USUAL }, (_, column) => products(block, sums, [from, panel, second], column)),
  ];
}

/**
 * The usual kernel over 4 windows at a time, 4 channels after 4: then the weights of these, their factor and where their
 * sums begin stay in registers for the whole line.
 */
function writeFours(block: LinesBlock, panels: number, line: Local<"i32">, windows: Local<"i32">): Code {
  const { f, p, dot, finish, begun, panel, panelBytes, columnBytes, at } = block;
  const [from, y, step, second] = f.locals("i32", 4, "four");
  const weights = f.locals("v128", USUAL, "weights");
  const sums = f.locals("v128", FOUR, "sum");
  const [x, start, bytes] = f.locals("v128", 3, "of");
  const temporaries = f.locals("v128", finish.temporaries, "finishing");
  const columns = (v: number) => (array: Local<"i32">) =>
    v128.load(i32.add(array, at), { offset: v * VECTOR });
  const quarter = (v: number): Code => {
    const values = finish.prepare(p, begun, columns(v));
    const prepared = f.locals("v128", values.length, `finish${v}_`);
    const own = (column: number) =>
      dot.weights(v < 2 ? panel : second, column * PANEL * GROUP + (v & 1) * VECTOR)[0];
    return [
      values.map((value, i) => prepared[i].set(value)),
      weights.map((vector, column) => vector.set(own(column))),
      start.set(columns(v)(p.scratch)),
      [from.set(i32.add(block.from, v * VECTOR)), y.set(i32.add(line, 4 * v)), windows.set(p.windows)],
      f.while(i32.ge_s(windows, FOUR), () => [
        sums.map((sum) => [
          sum.set(start),
          weights.map((vector, column) => [
            x.set(v128.load(from, { offset: column * TURNED })),
            dot.addEach([sum], dot.channels(x), [vector.get]),
          ]),
          finish.apply(sum, { begun, prepared, temporaries }),
          from.set(i32.add(from, step)),
        ]),
        bytes.set(
          bytesOf(
            sums.map((sum) => [sum]),
            finish,
            begun,
          )[0],
        ),
        ([0, 1, 2, 3] as const).map((lane) => [v128.store32_lane(y, bytes, lane), advance([y], p.channels)]),
        windows.set(i32.sub(windows, FOUR)),
      ]),
    ];
  };
  return [
    step.set(i32.mul(p.windowColumns, columnBytes)),
    second.set(i32.add(panel, panelBytes)),
    Array.from({ length: 2 * panels }, (_, v) => quarter(v)),
  ];
}

function anySums(block: LinesBlock, sums: Sums): Code {
  const { f, p, panel, panelBytes, columnBytes, from } = block;
  const [column, at, weights, second] = f.locals("i32", 4, "product");
  const [columns, groups] = f.locals("i32", 2, "left");
  return [
    [column.set(from), weights.set(panel), second.set(i32.add(panel, panelBytes))],
    columns.set(p.kernelColumns),
    f.loop((next) => [
      [at.set(column), groups.set(p.groups)],
      f.loop((again) => [
        products(block, sums, [at, weights, second], 0),
        [advance([at], TURNED), advance([weights, second], PANEL * GROUP), groups.set(i32.sub(groups, 1))],
        again.brIf(groups),
      ]),
      column.set(i32.add(column, i32.mul(p.dilation, columnBytes))),
      columns.set(i32.sub(columns, 1)),
      next.brIf(columns),
    ]),
  ];
}
