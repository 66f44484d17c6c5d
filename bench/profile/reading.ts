// The other limit: how fast one thread reads memory that its core's own cache cannot hold. A single row of activations
// uses every weight once; no kernel can take less time than reading them.

import { i32, i32x4, ModuleBuilder, v128 } from "../../src/wasm/index.ts";
import { median } from "../table.ts";

const VECTOR = 16;
/** Sums in flight, and vectors of a turn. */
const CHAINS = 8;
const PAGE = 65536;

/** GB/s of reading `bytes` front to back, the median of `turns`. */
export function readingLimit(bytes: number, turns: number): number {
  const module = new ModuleBuilder();
  module.importMemory("env", "memory", { min: 1 });
  module.func("read", { params: { at: "i32", end: "i32" } }, (f, { at, end }) => {
    const sums = f.locals("v128", CHAINS);
    return [
      f.while(i32.lt_u(at, end), () => [
        sums.map((sum, i) => sum.set(i32x4.add(sum, v128.load(at, { offset: i * VECTOR })))),
        at.set(i32.add(at, CHAINS * VECTOR)),
      ]),
      // Kept, so that nothing above is left out.
      v128.store(
        0,
        sums.reduce((total, sum) => i32x4.add(total, sum), i32x4.splat(0)),
      ),
    ];
  });
  const pages = Math.ceil(bytes / PAGE) + 1;
  const memory = new WebAssembly.Memory({ initial: pages });
  new Uint8Array(memory.buffer).fill(1); // Pages never written to are all the same one.
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
  const read = instance.exports.read as (at: number, end: number) => void;
  const times = Array.from({ length: turns }, () => {
    const start = performance.now();
    read(PAGE, PAGE + bytes);
    return performance.now() - start;
  });
  return bytes / median(times.slice(turns >> 2)) / 1e6;
}
