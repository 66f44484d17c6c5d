// Between float32 and 16 bits with a sign and without a zero point. The definitions are `src/reference/quantize.ts`.

import { ROUNDER } from "../tensor/approximations.ts";
import { f32, f32x4, i16x8, i32, i32x4, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { addExtreme } from "./extreme.ts";
import { dequantizeLoop } from "./quantize.ts";
import { advance, FLOAT, Lanes, ROUNDER_BITS, VECTOR } from "./vectors.ts";

const [LEAST, MOST] = [-32768, 32767];
const SHORT = 2;

export function addQuantizeS16(module: ModuleBuilder): void {
  const lowest = addExtreme(module, "short_min_and_0", "min", 0);
  const highest = addExtreme(module, "short_max_and_0", "max", 0);
  const quantize = addQuantizeAll(module);
  const params = { x: "i32", n: "i32", y: "i32", scale: "i32" } as const;
  module.func("dynamic_quantize_s16", { params }, (f, { x, n, y, scale }) => {
    const s = f.local("f32", "s");
    const farthest = f32.max(f32.neg(lowest.call({ x, n })), highest.call({ x, n }));
    return [
      s.set(f32.div(farthest, MOST)),
      f.if(f32.eq(s, 0), () => s.set(f32.const(1))),
      f32.store(scale, s),
      quantize.call({ x, n, y, scale: s }),
    ];
  });
  const shorts = { x: "i32", n: "i32", y: "i32", scale: "f32" } as const;
  module.func("dequantize_s16", { params: shorts }, (f, p) =>
    dequantizeLoop(f, p, 4 * SHORT, (x) => i32x4.extend_low_i16x8_s(v128.load64_zero(x))),
  );
}

/** y[i] = clamp(round(x[i] / scale)), 8 at a time. */
function addQuantizeAll(module: ModuleBuilder) {
  const params = { x: "i32", n: "i32", y: "i32", scale: "f32" } as const;
  return module.func("quantize_s16", { params }, (f, { x, n, y, scale }) => {
    const lanes = new Lanes(f);
    const [scales, quotient, left, right] = f.locals("v128", 4);
    const [low, high] = [lanes.float(LEAST), lanes.float(MOST)];
    const [rounder, offset] = [lanes.float(ROUNDER), lanes.int(ROUNDER_BITS)];
    // Limited before rounding: the limits are integers. A NaN becomes 0.
    const integers = (to: Local<"v128">, at: number) => {
      const known = v128.and(quotient, f32x4.eq(quotient, quotient));
      const limited = f32x4.pmax(low, f32x4.pmin(known, high));
      return [
        quotient.set(f32x4.div(v128.load(x, { offset: at }), scales)),
        to.set(i32x4.sub(f32x4.add(limited, rounder), offset)),
      ];
    };
    return [
      [lanes.constants, scales.set(f32x4.splat(scale))],
      f.while(i32.ge_s(n, 8), () => [
        [integers(left, 0), integers(right, VECTOR)],
        v128.store(y, i16x8.narrow_i32x4_s(left, right)),
        [advance([x], 2 * VECTOR), advance([y], 8 * SHORT), n.set(i32.sub(n, 8))],
      ]),
      f.while(i32.gt_s(n, 0), () => [
        integers(left, 0),
        left.set(i16x8.narrow_i32x4_s(left, left)),
        v128.store16_lane(y, left, 0),
        [advance([x], FLOAT), advance([y], SHORT), n.set(i32.sub(n, 1))],
      ]),
    ];
  });
}
