// Trials of the products with 16-bit activations.

import type { KernelName } from "../../kernels/functions.ts";
import { packPairs } from "../../kernels/layout.ts";
import { matmulS16F32, matmulS16S16, multiplier15 } from "../../reference/int16.ts";
import { floats, noise, type Trial } from "./bench.ts";

/** Short runs of K, so that there are several; the first activation and weight are at their ends. */
const RUN = 8;
/** More than any shape's K: sums that are finished as they are. */
const ONE_RUN = 32;

const spread = (count: number, bits: number): number[] =>
  noise(count).map((x, i) => (i === 0 ? -(2 ** (bits - 1)) : Math.floor(x * 2 ** bits) - 2 ** (bits - 1)));

function operands(bits: 8 | 16, [m, n, k]: readonly [number, number, number]) {
  const weights = spread(k * n, bits);
  return {
    a: Int16Array.from(spread(m * k, 16)),
    b: bits === 8 ? Int8Array.from(weights) : Int16Array.from(weights),
  };
}

type Shape = readonly [m: number, n: number, k: number];

function toFloat(bits: 8 | 16, shape: Shape, run: number): Trial {
  return (kernels, bench) => {
    const [m, n, k] = shape;
    const { a, b } = operands(bits, shape);
    const [aScale, bScales, bias] = [Math.fround(0.37), floats(n), floats(n)];
    const [x, w, c] = [bench.put(a), bench.put(packPairs(b, k, n)), bench.put(new Float32Array(m * n))];
    const [given, scales] = [bench.put(bias), bench.put(bScales)];
    kernels[`matmul_s16s${bits}_f32`](x, k * 2, w, c, n * 4, m, n, k, run, given, aScale, scales);
    const want = matmulS16F32(a, b, shape, { aScale, bScales, bias });
    return { got: bench.get(c, want), want };
  };
}

function toShort(bits: 8 | 16, shape: Shape): Trial {
  return (kernels, bench) => {
    const [m, n, k] = shape;
    const { a, b } = operands(bits, shape);
    const multipliers = noise(n).map((x) => Math.floor(2 ** 30 * (1 + x)));
    const shifts = noise(n).map((x) => Math.round(x * 4) - bits - 2);
    const bias = Float64Array.from(noise(n), (x) => Math.round(x * 2e5) - 1e5);
    const factors = multipliers.map((each, i) => multiplier15(each) * 2 ** (shifts[i] - 15));
    const [x, w, c] = [bench.put(a), bench.put(packPairs(b, k, n)), bench.put(new Int16Array(m * n))];
    const [given, factor] = [bench.put(bias), bench.put(Float64Array.from(factors))];
    const [low, high] = [-20000, 30000];
    kernels[`matmul_s16s${bits}_s16`](x, k * 2, w, c, n * 2, m, n, k, RUN, given, factor, low, high);
    const want = matmulS16S16(a, b, shape, { multipliers, shifts, bias, low, high });
    return { got: bench.get(c, want), want };
  };
}

/** Whole tiles, leftover rows, columns and values of K; enough columns that threads share them. */
const shapes: readonly Shape[] = [
  [13, 37, 21],
  [1, 101, 19],
];

export const shorts: readonly (readonly [KernelName, Trial])[] = shapes.flatMap((shape) =>
  ([8, 16] as const).flatMap((bits) => [
    [`matmul_s16s${bits}_f32`, toFloat(bits, shape, RUN)] as const,
    [`matmul_s16s${bits}_f32`, toFloat(bits, shape, ONE_RUN)] as const,
    [`matmul_s16s${bits}_s16`, toShort(bits, shape)] as const,
  ]),
);
