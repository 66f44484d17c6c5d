// Step 5: B is laid out once in panels of 8 columns, in the order in which the tile reads it. The inner loop walks
// through memory front to back: no address to compute for B, and no two rows of it compete for a place in the cache.

import { f32x4, i32, v128 } from "../../src/wasm/index.ts";
import { kernelJob, type Operands, type Step } from "./step.ts";

const [ROWS, VECTORS] = [6, 2];
const COLUMNS = 4 * VECTORS;
/** Groups of K in one pass: pointers move once a pass. */
const UNROLL = 4;

export const packing: Step = {
  title: "packing",
  why: "B in panels of 8 columns, read front to back",
  make: (operands) =>
    kernelJob(operands, {
      a: Float32Array.from(operands.a),
      b: panels(operands),
      c: Float32Array,
      code(f, { a, b, c, m, n, k }) {
        const [i, j, l] = [f.local("i32", "i"), f.local("i32", "j"), f.local("i32", "l")];
        const sums = Array.from({ length: ROWS }, () => f.locals("v128", VECTORS, "sum"));
        const weights = f.locals("v128", VECTORS, "w");
        const rows = f.locals("i32", ROWS, "row");
        const [x, panel, out] = [f.local("v128", "x"), f.local("i32", "panel"), f.local("i32", "out")];
        const group = (u: number) => [
          weights.map((vector, v) => vector.set(v128.load(panel, { offset: 4 * COLUMNS * u + 16 * v }))),
          sums.map((row, r) => [
            x.set(v128.load32_splat(rows[r], { offset: 4 * u })),
            row.map((sum, v) => sum.set(f32x4.add(sum, f32x4.mul(x, weights[v])))),
          ]),
        ];
        const tile = [
          sums.flat().map((sum) => sum.set(v128.const("f32x4", 0))),
          rows.map((row, r) => row.set(r === 0 ? a : i32.add(rows[r - 1], i32.shl(k, 2)))),
          f.for(l, 0, k, UNROLL, () => [
            Array.from({ length: UNROLL }, (_, u) => group(u)),
            panel.set(i32.add(panel, 4 * COLUMNS * UNROLL)),
            rows.map((row) => row.set(i32.add(row, 4 * UNROLL))),
          ]),
          out.set(i32.add(c, i32.shl(j, 2))),
          sums.map((row) => [
            row.map((sum, v) => v128.store(out, sum, { offset: 16 * v })),
            out.set(i32.add(out, i32.shl(n, 2))),
          ]),
        ];
        return f.for(i, 0, m, ROWS, () => [
          panel.set(b),
          f.for(j, 0, n, COLUMNS, () => tile),
          a.set(i32.add(a, i32.mul(k, ROWS * 4))),
          c.set(i32.add(c, i32.mul(n, ROWS * 4))),
        ]);
      },
    }),
};

/** Row-major K×N → panels: all of K for 8 columns, then for the next 8. */
function panels({ b, n, k }: Operands): Float32Array {
  return Float32Array.from(b, (_, at) => {
    const [panel, within] = [Math.floor(at / (k * COLUMNS)), at % (k * COLUMNS)];
    return b[Math.floor(within / COLUMNS) * n + panel * COLUMNS + (within % COLUMNS)];
  });
}
