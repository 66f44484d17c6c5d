// Between float32 and 8 bits: dynamic quantization, dequantization, and an embedding row out of a panelled
// matrix. The definitions are `src/reference/quantize.ts`.

import { ROUNDER } from "../tensor/approximations.ts";
import {
  type Expr,
  f32,
  f32x4,
  i8x16,
  i16x8,
  i32,
  i32x4,
  type Local,
  type ModuleBuilder,
  v128,
} from "../wasm/index.ts";
import { addExtreme } from "./extreme.ts";
import { EXTREMES_BLOCK, GROUP, PANEL } from "./layout.ts";
import { advance, FLOAT, Lanes, ROUNDER_BITS, storePartial, VECTOR } from "./vectors.ts";

export function addQuantize(module: ModuleBuilder): void {
  addDynamicQuantize(module);
  addDequantize(module, "dequantize_u8", widenUnsigned);
  addDequantize(module, "dequantize_s8", widenSigned);
  addResidual(module);
  addGatherPanel(module);
}

/** Four bytes → four int32. */
const widenUnsigned: Widen = (x) => i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(v128.load32_zero(x)));

/** Four signed bytes → four int32. */
const widenSigned: Widen = (x) => i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(x)));

function addDynamicQuantize(module: ModuleBuilder): void {
  const lowest = addExtreme(module, "row_min_and_0", "min", 0);
  const highest = addExtreme(module, "row_max_and_0", "max", 0);
  addExtremes(module, lowest, highest);
  const setGrid = addSetGrid(module);
  addDynamicGrid(module, lowest, highest, setGrid);
  const quantize = addQuantizeAll(module);
  const params = { x: "i32", n: "i32", y: "i32", scale: "i32", zero: "i32", most: "f32" } as const;
  module.func("dynamic_quantize_u8", { params }, (_, { x, n, y, scale, zero, most }) => [
    setGrid.call({ low: lowest.call({ x, n }), high: highest.call({ x, n }), scale, zero, most }),
    quantize.call({ x, n, y, scale: f32.load(scale), zero: f32.convert_i32_u(i32.load8_u(zero)), most }),
  ]);
}

type Extreme = ReturnType<typeof addExtreme>;

/** The first pass of dynamic quantization in parts: the extremes of each block of x. */
function addExtremes(module: ModuleBuilder, lowest: Extreme, highest: Extreme): void {
  const params = { x: "i32", n: "i32", lows: "i32", highs: "i32" } as const;
  module.func("extremes_f32", { params }, (f, { x, n, lows, highs }) => {
    const size = f.local("i32", "size");
    return f.while(i32.gt_s(n, 0), () => [
      size.set(n),
      f.if(i32.gt_s(n, EXTREMES_BLOCK), () => size.set(i32.const(EXTREMES_BLOCK))),
      f32.store(lows, lowest.call({ x, n: size })),
      f32.store(highs, highest.call({ x, n: size })),
      [advance([x], EXTREMES_BLOCK * FLOAT), advance([lows, highs], FLOAT)],
      n.set(i32.sub(n, size)),
    ]);
  });
}

/** The second: scale and zero point of all blocks together. */
function addDynamicGrid(
  module: ModuleBuilder,
  lowest: Extreme,
  highest: Extreme,
  setGrid: ReturnType<typeof addSetGrid>,
): void {
  const pointers = { lows: "i32", highs: "i32", blocks: "i32", scale: "i32", zero: "i32" } as const;
  const params = { ...pointers, most: "f32" } as const;
  module.func("dynamic_grid_u8", { params }, (_, { lows, highs, blocks: n, scale, zero, most }) => {
    const [low, high] = [lowest.call({ x: lows, n }), highest.call({ x: highs, n })];
    return setGrid.call({ low, high, scale, zero, most });
  });
}

/** Scale and zero point of values from `low` ≤ 0 to `high` ≥ 0, into memory. */
function addSetGrid(module: ModuleBuilder) {
  const params = { low: "f32", high: "f32", scale: "i32", zero: "i32", most: "f32" } as const;
  return module.func("set_grid_u8", { params, exported: false }, (f, { low, high, scale, zero, most }) => {
    const [s, z] = f.locals("f32", 2) as [Local<"f32">, Local<"f32">];
    const rounded = f32.nearest(f32.div(f32.neg(low), s));
    return [
      s.set(f32.div(f32.sub(high, low), most)),
      f.if(f32.eq(s, 0), () => s.set(f32.const(1))),
      z.set(f32.min(f32.max(rounded, 0), most)),
      // Only −∞ among the values makes it NaN: an infinite scale.
      f.if(f32.ne(z, z), () => z.set(f32.const(0))),
      f32.store(scale, s),
      i32.store8(zero, i32.trunc_sat_f32_s(z)),
    ];
  });
}

/** y[i] = clamp(round(x[i] / scale) + zero) to 0 … most, 16 at a time. */
function addQuantizeAll(module: ModuleBuilder) {
  const params = { x: "i32", n: "i32", y: "i32", scale: "f32", zero: "f32", most: "f32" } as const;
  return module.func("quantize_u8", { params }, (f, { x, n, y, scale, zero, most }) => {
    const lanes = new Lanes(f);
    const [scales, low, high, offset] = f.locals("v128", 4);
    const rounder = lanes.float(ROUNDER);
    // Limited before rounding: the limits are integers. A NaN becomes the lower limit, byte 0.
    const integers = (at: number) => {
      const quotient = f32x4.div(v128.load(x, { offset: at }), scales);
      const limited = f32x4.pmax(low, f32x4.pmin(quotient, high));
      return i32x4.sub(f32x4.add(limited, rounder), offset);
    };
    const pairs = (at: number) => i16x8.narrow_i32x4_s(integers(at), integers(at + VECTOR));
    const bytes = f.local("v128", "bytes");
    const setUp = [
      lanes.constants,
      scales.set(f32x4.splat(scale)),
      low.set(f32x4.splat(f32.neg(zero))),
      high.set(f32x4.splat(f32.sub(most, zero))),
      offset.set(i32x4.splat(i32.sub(ROUNDER_BITS, i32.trunc_sat_f32_s(zero)))),
    ];
    return [
      setUp,
      f.while(i32.ge_s(n, 16), () => [
        v128.store(y, i8x16.narrow_i16x8_u(pairs(0), pairs(2 * VECTOR))),
        [x.set(i32.add(x, 4 * VECTOR)), y.set(i32.add(y, 16)), n.set(i32.sub(n, 16))],
      ]),
      f.while(i32.gt_s(n, 0), () => [
        bytes.set(i8x16.narrow_i16x8_u(pairs(0), v128.const("i32x4", 0))),
        v128.store8_lane(y, bytes, 0),
        [x.set(i32.add(x, FLOAT)), y.set(i32.add(y, 1)), n.set(i32.sub(n, 1))],
      ]),
    ];
  });
}

/** The four integers at an address, as int32. */
type Widen = (x: Local<"i32">) => Expr<"v128">;
type Finish = (value: Expr<"v128">) => Expr<"v128">;

/** Code for n values: four integers every `step` bytes at x become four floats (q − zero)·scale, finished, at y. */
export function dequantizeLoop(
  f: Parameters<typeof storePartial>[0],
  p: { x: Local<"i32">; n: Local<"i32">; y: Local<"i32">; scale: Local<"f32">; zero?: Local<"i32"> },
  step: number,
  widen: Widen,
  finish: Finish = (value) => value,
) {
  const [scales, zeros, value] = f.locals("v128", 3) as [Local<"v128">, Local<"v128">, Local<"v128">];
  const integers = p.zero ? i32x4.sub(widen(p.x), zeros) : widen(p.x);
  return [
    [scales.set(f32x4.splat(p.scale)), p.zero ? zeros.set(i32x4.splat(p.zero)) : []],
    f.while(i32.gt_s(p.n, 0), () => [
      value.set(finish(f32x4.mul(f32x4.convert_i32x4_s(integers), scales))),
      f.if(
        i32.lt_s(p.n, 4),
        () => storePartial(f, p.y, value, p.n),
        () => v128.store(p.y, value),
      ),
      [advance([p.x], step), advance([p.y], VECTOR), p.n.set(i32.sub(p.n, 4))],
    ]),
  ];
}

function addDequantize(module: ModuleBuilder, name: string, widen: Widen): void {
  const params = { x: "i32", n: "i32", y: "i32", scale: "f32", zero: "i32" } as const;
  module.func(name, { params }, (f, p) => dequantizeLoop(f, p, 4, widen));
}

function addResidual(module: ModuleBuilder): void {
  const params = { x: "i32", n: "i32", q: "i32", y: "i32", scale: "f32", zero: "i32" } as const;
  module.func("residual_u8", { params }, (f, { x, n, q, y, scale, zero }) => {
    // x lies as far from y as it did at the start.
    const distance = f.local("i32", "distance");
    const left: Finish = (value) => f32x4.sub(v128.load(i32.add(y, distance)), value);
    return [
      distance.set(i32.sub(x, y)),
      dequantizeLoop(f, { x: q, n, y, scale, zero }, 4, widenUnsigned, left),
    ];
  });
}

/** A column of a panel: the first group's offset, then one group (4 of K) every panel row. */
function addGatherPanel(module: ModuleBuilder): void {
  const params = { b: "i32", k: "i32", column: "i32", y: "i32", scale: "f32", zero: "i32" } as const;
  module.func("gather_panel_f32", { params }, (f, { b, k, column, y, scale, zero }) => {
    const groups = i32.shr_u(i32.add(k, GROUP - 1), Math.log2(GROUP));
    const panel = i32.mul(i32.shr_u(column, Math.log2(PANEL)), i32.mul(groups, PANEL * GROUP));
    const inside = i32.mul(i32.and(column, PANEL - 1), GROUP);
    return [
      b.set(i32.add(b, i32.add(panel, inside))),
      dequantizeLoop(f, { x: b, n: k, y, scale, zero }, PANEL * GROUP, widenSigned),
    ];
  });
}
