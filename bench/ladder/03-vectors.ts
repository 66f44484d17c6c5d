// Step 3: four columns of C at once in a vector of 128 bits. One value of A is repeated in every lane and multiplied
// with four neighbours in a row of B, which lie side by side in memory.

import { f32x4, i32, v128 } from "../../src/wasm/index.ts";
import { kernelJob, type Step } from "./step.ts";

export const vectors: Step = {
  title: "vectors",
  why: "four float32 in a register, four columns at once",
  make: (operands) =>
    kernelJob(operands, {
      a: Float32Array.from(operands.a),
      b: Float32Array.from(operands.b),
      c: Float32Array,
      code(f, { a, b, c, m, n, k }) {
        const [i, j, l] = [f.local("i32", "i"), f.local("i32", "j"), f.local("i32", "l")];
        const [row, column] = [f.local("i32", "row"), f.local("i32", "column")];
        const sum = f.local("v128", "sum");
        return f.for(i, 0, m, 1, () => [
          f.for(j, 0, n, 4, () => [
            sum.set(v128.const("f32x4", 0)),
            row.set(a),
            column.set(i32.add(b, i32.shl(j, 2))),
            f.for(l, 0, k, 1, () => [
              sum.set(f32x4.add(sum, f32x4.mul(v128.load32_splat(row), v128.load(column)))),
              row.set(i32.add(row, 4)),
              column.set(i32.add(column, i32.shl(n, 2))),
            ]),
            v128.store(c, sum),
            c.set(i32.add(c, 16)),
          ]),
          a.set(i32.add(a, i32.shl(k, 2))),
        ]);
      },
    }),
};
