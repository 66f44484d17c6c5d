// Sums of bytes with a scale each, requantized to bytes, 16 at a time. The definition is `src/reference/quantized.ts`.

import { ROUNDER } from "../tensor/approximations.ts";
import {
  type Code,
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
import { advance, ROUNDER_BITS, storeUpTo, VECTOR } from "./vectors.ts";

const params = {
  ...({ a: "i32", b: "i32", y: "i32", n: "i32", aZero: "i32", bZero: "i32" } as const),
  ...({ aFactor: "f32", bFactor: "f32", zero: "i32", low: "i32", high: "i32", flip: "i32" } as const),
} as const;

export function addAddU8(module: ModuleBuilder): void {
  module.func("add_u8", { params }, (f, p) => {
    const [aZero, bZero, aFactor, bFactor] = f.locals("v128", 4, "side");
    const [low, high, rounder, offset, flip] = f.locals("v128", 5, "result");
    const sums = f.locals("v128", 4, "sum");
    const [a, b, bytes] = f.locals("v128", 3, "bytes");
    const side = (x: Local<"v128">, part: number, zero: Local<"v128">, factor: Local<"v128">): Expr<"v128"> =>
      f32x4.mul(f32x4.convert_i32x4_s(i32x4.sub(quarter(x, part), zero)), factor);
    const sixteen: Code = [
      [a.set(v128.load(p.a)), b.set(v128.load(p.b))],
      sums.map((sum, part) => [
        sum.set(f32x4.add(side(a, part, aZero, aFactor), side(b, part, bZero, bFactor))),
        sum.set(i32x4.sub(f32x4.add(f32x4.pmin(f32x4.pmax(sum, low), high), rounder), offset)),
      ]),
      bytes.set(
        i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_s(sums[0], sums[1]), i16x8.narrow_i32x4_s(sums[2], sums[3])),
      ),
      bytes.set(v128.xor(bytes, flip)),
    ];
    return [
      [aZero.set(i32x4.splat(p.aZero)), bZero.set(i32x4.splat(p.bZero))],
      [aFactor.set(f32x4.splat(p.aFactor)), bFactor.set(f32x4.splat(p.bFactor))],
      low.set(f32x4.splat(f32.convert_i32_s(i32.sub(p.low, p.zero)))),
      high.set(f32x4.splat(f32.convert_i32_s(i32.sub(p.high, p.zero)))),
      [rounder.set(v128.const("f32x4", ROUNDER)), offset.set(i32x4.splat(i32.sub(ROUNDER_BITS, p.zero)))],
      flip.set(i8x16.splat(p.flip)),
      f.while(i32.gt_s(p.n, 0), () => [
        sixteen,
        storeUpTo(f, p.y, bytes, p.n),
        [advance([p.a, p.b, p.y], VECTOR), p.n.set(i32.sub(p.n, VECTOR))],
      ]),
    ];
  });
}

/** Bytes 4·part … 4·part + 3 as int32. */
function quarter(x: Local<"v128">, part: number): Expr<"v128"> {
  const half = part < 2 ? i16x8.extend_low_i8x16_u(x) : i16x8.extend_high_i8x16_u(x);
  return part % 2 === 0 ? i32x4.extend_low_i16x8_u(half) : i32x4.extend_high_i16x8_u(half);
}
