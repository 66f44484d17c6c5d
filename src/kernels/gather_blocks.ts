// A row of an embedding table of 4-bit weights: a column of a matrix in panels of half bytes, as floats.

import { type Expr, f32x4, i16x8, i32, i32x4, type Local, type ModuleBuilder, v128 } from "../wasm/index.ts";
import { BLOCK_RECORD, GROUP, NIBBLE_GROUP, PANEL } from "./layout.ts";
import { advance, FLOAT, storePartial, VECTOR } from "./vectors.ts";

/** Adds `gather_blocks_f32` (`functions.ts`): 8 of K at a time, 4 from the low halves, 4 from the high ones. */
export function addGatherBlocks(module: ModuleBuilder): void {
  const params = { b: "i32", k: "i32", column: "i32", y: "i32", block: "i32", records: "i32" } as const;
  module.func("gather_blocks_f32", { params }, (f, { b, k, column, y, block, records }) => {
    const left = f.local("i32", "left");
    const [scale, bytes, value] = f.locals("v128", 3);
    const parts = (size: number | Local<"i32">) => i32.div_u(i32.add(k, i32.sub(size, 1)), size);
    const panel = i32.shr_u(column, Math.log2(PANEL));
    const inside = i32.and(column, PANEL - 1);
    const four = (halves: Expr<"v128">) => [
      value.set(f32x4.mul(f32x4.convert_i32x4_s(widen(v128.and(halves, v128.const("i8x16", -16)))), scale)),
      f.if(
        i32.lt_s(k, 4),
        () => f.if(i32.gt_s(k, 0), () => storePartial(f, y, value, k)),
        () => v128.store(y, value),
      ),
      [advance([y], VECTOR), k.set(i32.sub(k, 4))],
    ];
    return [
      records.set(
        i32.add(
          records,
          i32.add(i32.mul(panel, i32.mul(parts(block), BLOCK_RECORD)), i32.mul(inside, FLOAT)),
        ),
      ),
      b.set(
        i32.add(
          b,
          i32.add(i32.mul(panel, i32.mul(parts(NIBBLE_GROUP), PANEL * GROUP)), i32.mul(inside, GROUP)),
        ),
      ),
      f.while(i32.gt_s(k, 0), () => [
        scale.set(v128.load32_splat(records)),
        left.set(block),
        f.while(i32.and(i32.gt_s(left, 0), i32.gt_s(k, 0)), () => [
          bytes.set(v128.load32_zero(b)),
          four(i16x8.shl(bytes, 4)),
          four(bytes.get),
          [b.set(i32.add(b, PANEL * GROUP)), left.set(i32.sub(left, NIBBLE_GROUP))],
        ]),
        advance([records], BLOCK_RECORD),
      ]),
    ];
  });
}

/** The lowest 4 bytes, signed, as integers of 32 bits. */
function widen(bytes: Expr<"v128">): Expr<"v128"> {
  return i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(bytes));
}
