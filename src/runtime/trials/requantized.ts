// Trials of the kernels from bytes to bytes.

import { columnSums, packPanels } from "../../kernels/layout.ts";
import { depthwiseI32 } from "../../reference/depthwise.ts";
import { matmulU8S8I32 } from "../../reference/matmul.ts";
import { addQuantized } from "../../reference/quantized.ts";
import { addBias, requantize } from "../../reference/requantize.ts";
import { type Bench, noise, signed, type Trial, type Trials, unsigned } from "./bench.ts";
import { shapes } from "./products.ts";
import { CHANNELS, COLUMNS, geometry, LINES, offsets, windows } from "./windows.ts";

/** Multipliers and shifts in turn, up and down. */
const multipliers = (n: number): Int32Array =>
  Int32Array.from(noise(n), (x) => 2 ** 30 + Math.floor(x * 2 ** 30));
const shifts = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => 1 - ((i * 3) % 13));

/** What a finish to bytes takes behind the sums, and how the reference is told the same. */
function finishing(bench: Bench, n: number, fixed: boolean) {
  const bias = Int32Array.from(noise(n), (x) => Math.round(4000 * x) - 2000);
  const factors = fixed ? multipliers(n) : Float32Array.from(noise(n), (x) => x / 100);
  const limits = { zero: 120, low: 9, high: 240 };
  const values = [bench.put(bias), bench.put(factors), ...Object.values(limits), 128] as const;
  const how = { rounding: fixed ? ("double" as const) : ("even" as const), factors, ...limits };
  if (!fixed) return { values, bias, how };
  const down = shifts(n).map((shift) => 2 ** (30 + Math.min(shift, 0)));
  const up = shifts(n).map((shift) => 2 ** Math.max(shift, 0));
  const arrays = [bench.put(down), bench.put(up)] as const;
  return { values: [...values, ...arrays] as const, bias, how: { ...how, shifts: shifts(n) } };
}

/** Requantized sums as the kernels store them with a flip of 128. */
function flipped(sums: Int32Array, n: number, { bias, how }: ReturnType<typeof finishing>): Int8Array {
  return Int8Array.from(requantize(addBias(sums, n, bias), n, how), (byte) => byte - 128);
}

function requantized(m: number, n: number, k: number, fixed: boolean): Trial {
  return (kernels, bench) => {
    const [a, b] = [unsigned(m * k), signed(k * n)];
    const finish = finishing(bench, n, fixed);
    const want = flipped(matmulU8S8I32(a, b, [m, n, k], { aZero: 77 }), n, finish);
    const c = bench.put(new Int8Array(m * n));
    const sums = bench.put(columnSums(b, k, n));
    const rows = [bench.put(a), k, bench.put(packPanels(b, k, n)), c, n, m, n, k, 77, sums, 0, 0] as const;
    const kernel = (fixed ? kernels.matmul_u8s8_u8_fixed : kernels.matmul_u8s8_u8) as (
      ...all: number[]
    ) => void;
    kernel(...rows, ...finish.values);
    return { got: bench.get(c, want), want };
  };
}

function depthwiseBytes(fixed: boolean): Trial {
  return (kernels, bench) => {
    const x = unsigned(LINES * COLUMNS * CHANNELS);
    const weights = Int8Array.from(unsigned(4 * CHANNELS));
    const finish = finishing(bench, CHANNELS, fixed);
    const want = flipped(depthwiseI32(x, weights, geometry, 77), CHANNELS, finish);
    const y = bench.put(new Int8Array(want.length));
    const [panels, sums] = [packPanels, columnSums].map((of) => bench.put(of(weights, 4, CHANNELS)));
    const taken = windows(bench.put(x), y, bench.put(offsets(1)), 1);
    const kernel = fixed ? kernels.depthwise_u8s8_u8_fixed : kernels.depthwise_u8s8_u8;
    const scratch = bench.put(new Int32Array(CHANNELS + 16));
    (kernel as (...all: number[]) => void)(...taken, panels, 77, sums, scratch, ...finish.values);
    return { got: bench.get(y, want), want };
  };
}

/** The same windows, their lines and columns told apart: both columns' weights have room for 4 lines. */
function depthwiseLines(fixed: boolean): Trial {
  return (kernels, bench) => {
    const x = unsigned(LINES * COLUMNS * CHANNELS);
    const weights = Int8Array.from(unsigned(4 * CHANNELS));
    const finish = finishing(bench, CHANNELS, fixed);
    const want = flipped(depthwiseI32(x, weights, geometry, 77), CHANNELS, finish);
    const y = bench.put(new Int8Array(want.length));
    const byColumns = new Int8Array(2 * 4 * CHANNELS);
    for (const place of [0, 1, 2, 3])
      byColumns.set(
        weights.subarray(place * CHANNELS, (place + 1) * CHANNELS),
        (4 * (place & 1) + (place >> 1)) * CHANNELS,
      );
    const line = COLUMNS * CHANNELS;
    const table = bench.put(Int32Array.of(0, line, 0, 0));
    const panels = bench.put(packPanels(byColumns, 8, CHANNELS));
    const sums = bench.put(columnSums(weights, 4, CHANNELS));
    const scratch = bench.put(new Int32Array(CHANNELS + 16));
    const turned = bench.put(new Uint8Array(5 * 64));
    const kernel = fixed ? kernels.depthwise_lines_u8s8_u8_fixed : kernels.depthwise_lines_u8s8_u8;
    const taken = [bench.put(x), y, 3, line, 2, 2, 5, table, 1, 2, 2, CHANNELS, panels, 77, sums] as const;
    (kernel as (...all: number[]) => void)(...taken, scratch, turned, ...finish.values);
    return { got: bench.get(y, want), want };
  };
}

const addBytes: Trial = (kernels, bench) => {
  const [a, b] = [unsigned(45), unsigned(45).reverse()];
  const how = { aZero: 3, bZero: 200, aFactor: Math.fround(0.7), bFactor: Math.fround(0.41) };
  const limits = { zero: 120, low: 9, high: 240 };
  const want = Int8Array.from(addQuantized(a, b, { ...how, ...limits }), (byte) => byte - 128);
  const y = bench.put(new Int8Array(45));
  const [from, other] = [bench.put(a), bench.put(b)];
  kernels.add_u8(from, other, y, 45, 3, 200, how.aFactor, how.bFactor, 120, 9, 240, 128);
  return { got: bench.get(y, want), want };
};

export const requantizedTrials: Trials = [
  ...shapes.flatMap(([m, n, k]) => [
    ["matmul_u8s8_u8", requantized(m, n, k, false)] as const,
    ["matmul_u8s8_u8_fixed", requantized(m, n, k, true)] as const,
  ]),
  ["depthwise_u8s8_u8", depthwiseBytes(false)],
  ["depthwise_u8s8_u8_fixed", depthwiseBytes(true)],
  ["depthwise_lines_u8s8_u8", depthwiseLines(false)],
  ["depthwise_lines_u8s8_u8_fixed", depthwiseLines(true)],
  ["add_u8", addBytes],
];
