// Sums of rows of bytes: what a product needs of its activations when the weights have zero points.

import { i16x8, i32, i32x4, type ModuleBuilder, v128 } from "../wasm/index.ts";

/** Adds `row_sums_u8` (`functions.ts`): 16 bytes at a time, then one by one. */
export function addRowSumsU8(module: ModuleBuilder): void {
  const params = { a: "i32", aStride: "i32", m: "i32", k: "i32", sums: "i32" } as const;
  module.func("row_sums_u8", { params }, (f, { a, aStride, m, k, sums }) => {
    const [row, x, end] = [f.local("i32", "row"), f.local("i32", "x"), f.local("i32", "end")];
    const [lanes, sum] = [f.local("v128", "lanes"), f.local("i32", "sum")];
    const ofFour = i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(v128.load(x)));
    const joined = ([0, 1, 2, 3] as const)
      .map((lane) => i32x4.extract_lane(lanes, lane))
      .reduce((total, lane) => i32.add(total, lane));
    return f.for(row, 0, m, 1, () => [
      lanes.set(v128.const("i32x4", 0)),
      x.set(a),
      end.set(i32.add(a, i32.and(k, -16))),
      f.while(i32.lt_u(x, end), () => [lanes.set(i32x4.add(lanes, ofFour)), x.set(i32.add(x, 16))]),
      sum.set(joined),
      end.set(i32.add(a, k)),
      f.while(i32.lt_u(x, end), () => [sum.set(i32.add(sum, i32.load8_u(x))), x.set(i32.add(x, 1))]),
      i32.store(i32.add(sums, i32.shl(row, 2)), sum),
      a.set(i32.add(a, aStride)),
    ]);
  });
}
