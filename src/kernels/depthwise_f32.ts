// Windows over every channel by itself, in float32 and for maxima: vectors lie across channels, so that each channel's
// sum runs in the order of places. The definitions are `src/reference/depthwise.ts`. A table gives the places of a
// window as byte offsets from its first, so that kernel sizes and dilations are all alike here.

import {
  type Code,
  type Expr,
  type FunctionBuilder,
  f32x4,
  i8x16,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { advance, FLOAT, storePartial, storeUpTo, VECTOR } from "./vectors.ts";

/** Where windows are: `windows` a line, and each one's places. */
export const windowTypes = {
  ...({ x: "i32", y: "i32", lines: "i32", lineStep: "i32", windows: "i32", windowStep: "i32" } as const),
  ...({ offsets: "i32", places: "i32", channels: "i32" } as const),
} as const;
type Windows = { readonly [K in keyof typeof windowTypes]: Local<"i32"> };

/** Vectors of channels whose results are in registers together. */
const BLOCK = 4;

/** Runs `each` at every window, `x` being its first byte; lines and windows are used up. */
export function eachWindow(f: FunctionBuilder, p: Windows, each: (x: Local<"i32">) => Code): Code {
  const [line, x, left] = f.locals("i32", 3, "window") as [Local<"i32">, Local<"i32">, Local<"i32">];
  const code = each(x);
  return [
    line.set(p.x),
    f.while(p.lines, () => [
      [x.set(line), left.set(p.windows)],
      f.while(left, () => [code, advance([x], p.windowStep), left.set(i32.sub(left, 1))]),
      [advance([line], p.lineStep), p.lines.set(i32.sub(p.lines, 1))],
    ]),
  ];
}

/** Runs `each` for every place, `at` being where it is for the channels from `x` on. */
export function eachPlace(
  f: FunctionBuilder,
  { offsets, places }: Pick<Windows, "offsets" | "places">,
  x: Local<"i32">,
  each: (at: Local<"i32">) => Code,
): Code {
  const [table, end, at] = f.locals("i32", 3, "place") as [Local<"i32">, Local<"i32">, Local<"i32">];
  return [
    table.set(offsets),
    end.set(i32.add(offsets, i32.shl(places, 2))),
    f.loop((again) => [
      at.set(i32.add(x, i32.load(table))),
      each(at),
      table.set(i32.add(table, 4)),
      again.brIf(i32.lt_u(table, end)),
    ]),
  ];
}

export function addDepthwiseF32(module: ModuleBuilder): void {
  addConvolution(module);
  const floats = { start: -Infinity, shape: "f32x4", pick: f32x4.pmax, bytes: FLOAT } as const;
  addMax(module, "window_max_f32", floats);
  addMax(module, "window_max_u8", { start: 0, shape: "i8x16", pick: i8x16.max_u, bytes: 1 });
  addMax(module, "window_max_s8", { start: -128, shape: "i8x16", pick: i8x16.max_s, bytes: 1 });
}

function addConvolution(module: ModuleBuilder): void {
  const params = {
    ...windowTypes,
    ...({ weights: "i32", bias: "i32", low: "f32", high: "f32" } as const),
  };
  module.func("depthwise_f32", { params }, (f, p) => {
    const sums = f.locals("v128", BLOCK, "sum");
    const [low, high] = f.locals("v128", 2, "limit");
    const [c, w, bias, left, rowBytes] = f.locals("i32", 5, "channel");
    /** The sums of `count` vectors of channels. */
    const block = (x: Local<"i32">, count: number): Code => [
      sums.slice(0, count).map((sum) => sum.set(v128.const("f32x4", 0))),
      w.set(i32.add(p.weights, c)),
      eachPlace(f, p, x, (at) => [
        sums.slice(0, count).map((sum, i) => {
          const offset = i * VECTOR;
          const product = f32x4.mul(v128.load(at, { offset }), v128.load(w, { offset }));
          return sum.set(f32x4.add(sum, product));
        }),
        w.set(i32.add(w, rowBytes)),
      ]),
      f.if(p.bias, () => [
        bias.set(i32.add(p.bias, c)),
        sums
          .slice(0, count)
          .map((sum, i) => sum.set(f32x4.add(sum, v128.load(bias, { offset: i * VECTOR })))),
      ]),
      sums.slice(0, count).map((sum) => sum.set(f32x4.pmin(f32x4.pmax(sum, low), high))),
    ];
    const x = f.local("i32", "x");
    return [
      [low.set(f32x4.splat(p.low)), high.set(f32x4.splat(p.high))],
      rowBytes.set(i32.mul(p.channels, FLOAT)),
      eachWindow(f, p, (window) => [
        [x.set(window), c.set(0), left.set(p.channels)],
        f.while(i32.ge_s(left, 4 * BLOCK), () => [
          block(x, BLOCK),
          sums.map((sum, i) => v128.store(p.y, sum, { offset: i * VECTOR })),
          [advance([x, p.y, c], BLOCK * VECTOR), left.set(i32.sub(left, 4 * BLOCK))],
        ]),
        f.while(i32.gt_s(left, 0), () => [
          block(x, 1),
          f.if(
            i32.ge_s(left, 4),
            () => [v128.store(p.y, sums[0]), advance([p.y], VECTOR)],
            () => [storePartial(f, p.y, sums[0], left), p.y.set(i32.add(p.y, i32.shl(left, 2)))],
          ),
          [advance([x, c], VECTOR), left.set(i32.sub(left, 4))],
        ]),
      ]),
    ];
  });
}

interface Max {
  readonly start: number;
  readonly shape: "f32x4" | "i8x16";
  readonly pick: (a: Local<"v128">, b: Expr<"v128">) => Expr<"v128">;
  /** Of one value. */
  readonly bytes: number;
}

/** The largest value of each window; `channels` are bytes of a row here. */
function addMax(module: ModuleBuilder, name: string, { start, shape, pick, bytes }: Max): void {
  module.func(name, { params: windowTypes }, (f, p) => {
    const most = f.local("v128", "most");
    const [x, left] = f.locals("i32", 2, "left") as [Local<"i32">, Local<"i32">];
    return eachWindow(f, p, (window) => [
      [x.set(window), left.set(i32.mul(p.channels, bytes))],
      f.while(i32.gt_s(left, 0), () => [
        most.set(v128.const(shape, start)),
        eachPlace(f, p, x, (at) => most.set(pick(most, v128.load(at)))),
        storeUpTo(f, p.y, most, left),
        [advance([x, p.y], VECTOR), left.set(i32.sub(left, VECTOR))],
      ]),
      // Negative: back from the last whole vector to the end of the row.
      p.y.set(i32.add(p.y, left)),
    ]);
  });
}
