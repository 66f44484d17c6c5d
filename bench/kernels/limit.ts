// The limit that a product is measured against: its multiplications and additions on registers, with next to nothing
// around them. What this loop reaches, no kernel of the same instructions can pass on the same host.

import { type Dot, type DotName, dots } from "../../src/kernels/dot_u8s8.ts";
import { f32x4, i32, ModuleBuilder, v128 } from "../../src/wasm/index.ts";
import type { Limit } from "../contest/task.ts";

/** What the loop repeats: a vector of activations × vectors of weights, added to sums. */
interface Step extends Pick<Dot, "accumulators" | "weightVectors" | "add"> {
  /** Multiplications and additions of one `add`, counted singly. */
  readonly operations: number;
}

/** One vector of float32: rounded after the product and after the sum, as the reference does. */
const float: Step = {
  ...{ accumulators: 1, weightVectors: 1, operations: 2 * 4 },
  add: ([sum], a, [weights]) => [sum.set(f32x4.add(sum, f32x4.mul(a, weights)))],
};

export type LimitName = "u8s8" | "f32";

export const limits: Readonly<Record<LimitName, (dot: DotName) => Step>> = {
  /** 4 columns × 4 of K */
  u8s8: (dot) => ({ ...dots[dot], operations: 2 * 16 }),
  f32: () => float,
};

/** Two sums a row: 12 in flight, for a dot takes 5 cycles and two begin in each. They and the weights fit 16 registers. */
const ROWS = 6;
/** Steps added to each sum in one pass of the loop, passes of one call. */
const UNROLL = 8;
const PASSES = 1000;
const VECTOR = 16;

/**
 * @param width vectors of 128 bits that the host fuses into one: 1, or 2 with "wide". Neighbouring sums are loaded
 * from and stored to neighbouring places, which is what the host recognises them by.
 */
export function makeLimit(limit: LimitName, dot: DotName, width: 1 | 2): Limit {
  const step = limits[limit](dot);
  const columns = (2 / step.accumulators) * width;
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1 });
  module.func("limit", { params: { at: "i32", passes: "i32" } }, (f, { at, passes }) => {
    const sums = Array.from({ length: ROWS }, () =>
      Array.from({ length: columns }, () => f.locals("v128", step.accumulators)),
    );
    const weights = Array.from({ length: columns }, () => f.locals("v128", step.weightVectors));
    const a = f.local("v128");
    const place = (i: number) => ({ offset: i * VECTOR });
    // Other activations for each row: a product of the same two registers the compiler would form only once. The
    // loads have ports of their own and cost the products no time.
    const pass = Array.from({ length: UNROLL }, (_, u) =>
      sums.map((row, r) => [
        a.set(v128.load32_splat(at, place(u * ROWS + r))),
        row.map((chain, c) => step.add(chain, a, weights[c])),
      ]),
    );
    return [
      sums.flat(2).map((sum, i) => sum.set(v128.load(at, place(i)))),
      weights.flat().map((vector, i) => vector.set(v128.load(at, place(i)))),
      f.while(passes, () => [pass, passes.set(i32.sub(passes, 1))]),
      sums.flat(2).map((sum, i) => v128.store(at, sum, place(i))),
    ];
  });
  const memory = new WebAssembly.Memory({ initial: 1 });
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const run = instance.exports.limit as (at: number, passes: number) => void;
  return {
    run: () => run(0, PASSES),
    operations: PASSES * UNROLL * ROWS * columns * step.operations,
  };
}
