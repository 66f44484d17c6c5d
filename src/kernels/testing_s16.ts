// What the tests of the products with 16-bit activations share: operands for every size up to a limit, random or at the
// ends of their ranges, and the comparison with the reference, in strided memory, between guards.

import assert from "node:assert/strict";
import { matmulS16F32, matmulS16S16, multiplier15 } from "../reference/int16.ts";
import type { KernelFunctions } from "./functions.ts";
import { exactRun, packPairs } from "./layout.ts";
import { addMatmulS16 } from "./matmul_s16.ts";
import { addStoreColumns, type Tile } from "./matmul_u8s8.ts";
import { Arena, createRandom, instantiate, randomFloats } from "./testing.ts";

/** Activations and weights; random ones where a value is left out. */
export interface Given16 {
  readonly bits: 8 | 16;
  readonly bias: boolean;
  readonly a?: number;
  readonly b?: number;
}

export const givens16: readonly Given16[] = [
  { bits: 8, bias: true },
  { bits: 8, bias: false, a: -32768, b: -128 },
  { bits: 16, bias: false },
  { bits: 16, bias: true, a: -32768, b: 32767 },
  { bits: 16, bias: true, a: 32767, b: -32768 },
];

const aGap = 6;
const cGap = 12;

export class ShortsTester {
  readonly #arena = new Arena();
  readonly #kernels: KernelFunctions;

  constructor(tile: Tile) {
    this.#kernels = instantiate(this.#arena, (module) => addMatmulS16(module, tile, addStoreColumns(module)));
  }

  /** Every m of `ms` and n of `ns`, both finishes, against one reference of the largest size. */
  check(ms: readonly number[], ns: readonly number[], k: number, given: Given16, most = k + 1): void {
    const [mMax, nMax] = [Math.max(...ms), Math.max(...ns)];
    const random = createRandom(mMax * 4099 + nMax * 67 + k);
    const whole = (bits: number, value?: number) => () =>
      value ?? Math.floor(random() * 2 ** bits) - 2 ** (bits - 1);
    const a = Int16Array.from({ length: mMax * k }, whole(16, given.a));
    const values = Array.from({ length: k * nMax }, whole(given.bits, given.b));
    const b = given.bits === 8 ? Int8Array.from(values) : Int16Array.from(values);
    const shape = [mMax, nMax, k] as const;
    const scales = randomFloats(random, nMax, 0.01);
    const bias = given.bias ? randomFloats(random, nMax) : undefined;
    // From results of a few units to such as saturate.
    const multipliers = Int32Array.from({ length: nMax }, () => 2 ** 30 + random() * 2 ** 30);
    const shifts = Int32Array.from({ length: nMax }, (_, i) => -14 - (given.bits === 8 ? 0 : 8) + (i % 9));
    const whole64 = given.bias
      ? Float64Array.from({ length: nMax }, () => Math.floor(random() * 1e6))
      : undefined;
    const floats = matmulS16F32(a, b, shape, { aScale: 0.037, bScales: scales, bias });
    const limits = given.bias ? { low: -1000, high: 30000 } : { low: -32768, high: 32767 };
    const shorts = matmulS16S16(a, b, shape, { multipliers, shifts, bias: whole64, ...limits });
    const factors = Float64Array.from(multipliers, (each, i) => multiplier15(each) * 2 ** (shifts[i] - 15));
    for (const n of ns) {
      const columns = b.filter((_, i) => i % nMax < n);
      const run = Math.min(exactRun(columns, k, n), Math.ceil(most / 2) * 2);
      for (const m of ms) {
        const what = `${m}×${n}×${k}, ${JSON.stringify(given)}`;
        for (const finish of ["f32", "s16"] as const) {
          const arena = this.#arena;
          arena.reset();
          const strided = new Int16Array(m * (k + aGap / 2)).fill(-1);
          for (let row = 0; row < m; row++)
            strided.set(a.subarray(row * k, (row + 1) * k), row * (k + aGap / 2));
          const [x, w] = [arena.put(strided), arena.put(packPairs(columns, k, n))];
          const size = finish === "f32" ? 4 : 2;
          const stride = n * size + cGap;
          const c = arena.reserve(m * stride);
          const common = [x, k * 2 + aGap, w, c, stride, m, n, k, run] as const;
          const put = (values?: Float32Array | Float64Array) => (values ? arena.put(values.slice(0, n)) : 0);
          const name = `matmul_s16s${given.bits}` as const;
          if (finish === "f32") this.#kernels[`${name}_f32`](...common, put(bias), 0.037, put(scales));
          else this.#kernels[`${name}_s16`](...common, put(whole64), put(factors), limits.low, limits.high);
          const view = new DataView(arena.memory.buffer);
          for (let i = 0; i < m; i++) {
            for (let j = 0; j < n; j++) {
              const at = c + i * stride + j * size;
              const found = finish === "f32" ? view.getFloat32(at, true) : view.getInt16(at, true);
              const right = (finish === "f32" ? floats : shorts)[i * nMax + j];
              if (!Object.is(found, right))
                assert.fail(`${finish} ${what}: C[${i},${j}] is ${found}, expected ${right}`);
            }
            arena.assertGap(c + i * stride + n * size, cGap, what);
          }
          arena.assertGuarded(c, m * stride, what);
        }
      }
    }
  }
}
