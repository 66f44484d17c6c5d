// Step 4: a tile of 6 rows × 8 columns of C stays in registers. Twelve sums are in flight, so that no addition waits
// for the one before; each value of A serves 8 columns, and each vector of B 6 rows.

import { f32x4, i32, v128 } from "../../src/wasm/index.ts";
import { kernelJob, type Step } from "./step.ts";

const [ROWS, VECTORS] = [6, 2];

export const tiles: Step = {
  title: "tiles",
  why: "6×8 sums in registers: every load is used 6 or 8 times",
  make: (operands) =>
    kernelJob(operands, {
      a: Float32Array.from(operands.a),
      b: Float32Array.from(operands.b),
      c: Float32Array,
      code(f, { a, b, c, m, n, k }) {
        const [i, j, l] = [f.local("i32", "i"), f.local("i32", "j"), f.local("i32", "l")];
        const sums = Array.from({ length: ROWS }, () => f.locals("v128", VECTORS, "sum"));
        const weights = f.locals("v128", VECTORS, "w");
        const rows = f.locals("i32", ROWS, "row");
        const [x, column, out] = [f.local("v128", "x"), f.local("i32", "column"), f.local("i32", "out")];
        const tile = [
          sums.flat().map((sum) => sum.set(v128.const("f32x4", 0))),
          rows.map((row, r) => row.set(r === 0 ? a : i32.add(rows[r - 1], i32.shl(k, 2)))),
          column.set(i32.add(b, i32.shl(j, 2))),
          f.for(l, 0, k, 1, () => [
            weights.map((vector, v) => vector.set(v128.load(column, { offset: 16 * v }))),
            sums.map((row, r) => [
              x.set(v128.load32_splat(rows[r])),
              row.map((sum, v) => sum.set(f32x4.add(sum, f32x4.mul(x, weights[v])))),
              rows[r].set(i32.add(rows[r], 4)),
            ]),
            column.set(i32.add(column, i32.shl(n, 2))),
          ]),
          out.set(i32.add(c, i32.shl(j, 2))),
          sums.map((row) => [
            row.map((sum, v) => v128.store(out, sum, { offset: 16 * v })),
            out.set(i32.add(out, i32.shl(n, 2))),
          ]),
        ];
        return f.for(i, 0, m, ROWS, () => [
          f.for(j, 0, n, VECTORS * 4, () => tile),
          a.set(i32.add(a, i32.mul(k, ROWS * 4))),
          c.set(i32.add(c, i32.mul(n, ROWS * 4))),
        ]);
      },
    }),
};
