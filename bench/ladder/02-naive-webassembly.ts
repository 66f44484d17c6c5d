// Step 2: the same loops in WebAssembly. No bounds of arrays are checked and no double is rounded to float, but every
// step down a column of B still touches another line of the cache.

import { f32, i32 } from "../../src/wasm/index.ts";
import { kernelJob, type Step } from "./step.ts";

export const naiveWebAssembly: Step = {
  title: "naive WebAssembly",
  why: "the same loops, compiled as they are",
  make: (operands) =>
    kernelJob(operands, {
      a: Float32Array.from(operands.a),
      b: Float32Array.from(operands.b),
      c: Float32Array,
      code(f, { a, b, c, m, n, k }) {
        const [i, j, l] = [f.local("i32", "i"), f.local("i32", "j"), f.local("i32", "l")];
        const sum = f.local("f32", "sum");
        const element = (base: typeof a, row: typeof i, width: typeof n, column: typeof j) =>
          i32.add(base, i32.shl(i32.add(i32.mul(row, width), column), 2));
        return f.for(i, 0, m, 1, () =>
          f.for(j, 0, n, 1, () => [
            sum.set(0),
            f.for(l, 0, k, 1, () =>
              sum.set(f32.add(sum, f32.mul(f32.load(element(a, i, k, l)), f32.load(element(b, l, n, j))))),
            ),
            f32.store(element(c, i, n, j), sum),
          ]),
        );
      },
    }),
};
