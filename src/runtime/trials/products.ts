// Trials of the products, and of what quantizes and dequantizes around them.

import type { KernelName } from "../../kernels/functions.ts";
import { columnSums, GROUP, PANEL, packBlocks, packNibbles, packPanels } from "../../kernels/layout.ts";
import { matmulU8S4F32 } from "../../reference/blocks.ts";
import { matmulF32, matmulU8S8F32, matmulU8S8I32, rowSumsU8 } from "../../reference/matmul.ts";
import { dequantize, dynamicQuantize, quantize } from "../../reference/quantize.ts";
import { addQuantized } from "../../reference/quantized.ts";
import { addBias, requantize } from "../../reference/requantize.ts";
import { type Bench, floats, noise, type Trial } from "./bench.ts";

const unsigned = (count: number): Uint8Array => Uint8Array.from(noise(count), (x) => Math.round(255 * x));
const signed = (count: number): Int8Array => Int8Array.from(noise(count), (x) => Math.round(255 * x) - 128);

function product(m: number, n: number, k: number, finish: "i32" | "f32"): Trial {
  return (kernels, bench) => {
    const [a, b] = [unsigned(m * k), signed(k * n)];
    const bZeros = Int32Array.from(noise(n), (x) => Math.round(20 * x) - 10);
    const [scales, bias] = [floats(n), floats(n)];
    const sums = columnSums(b, k, n);
    const [x, panels, c] = [bench.put(a), bench.put(packPanels(b, k, n)), bench.put(new Int32Array(m * n))];
    const rowSums = bench.put(new Int32Array(m));
    kernels.row_sums_u8(x, k, m, k, rowSums);
    const common = [
      x,
      k,
      panels,
      c,
      n * 4,
      m,
      n,
      k,
      77,
      bench.put(sums),
      bench.put(bZeros),
      rowSums,
    ] as const;
    const zeros = { aZero: 77, bZeros };
    if (finish === "i32") {
      kernels.matmul_u8s8_i32(...common);
      const want = matmulU8S8I32(a, b, [m, n, k], zeros);
      return { got: bench.get(c, want), want };
    }
    kernels.matmul_u8s8_f32(...common, Math.fround(0.37), bench.put(scales), bench.put(bias));
    const want = matmulU8S8F32(a, b, [m, n, k], zeros, { aScale: Math.fround(0.37), bScales: scales, bias });
    return { got: bench.get(c, want), want };
  };
}

const halves = (count: number): Int8Array => signed(count).map((x) => x >> 4);

function blockProduct(m: number, n: number, k: number): Trial {
  return (kernels, bench) => {
    const [a, b, bias] = [unsigned(m * k), halves(k * n), floats(n)];
    const [block, aZero, aScale] = [16, 77, Math.fround(0.37)];
    const scales = floats(Math.ceil(k / block) * n);
    const packed = packNibbles(b, k, n);
    const records = bench.put(packBlocks(packed, scales, [k, n, block]));
    const c = bench.put(new Float32Array(m * n));
    const [x, w] = [bench.put(a), bench.put(packed)];
    kernels.matmul_u8s4_f32(x, k, w, c, n * 4, m, n, k, block, aZero, records, aScale, bench.put(bias));
    const want = matmulU8S4F32(a, b, [m, n, k], { aZero, aScale, block, scales, bias });
    return { got: bench.get(c, want), want };
  };
}

/** Multipliers and shifts in turn, up and down. */
const multipliers = (n: number): Int32Array =>
  Int32Array.from(noise(n), (x) => 2 ** 30 + Math.floor(x * 2 ** 30));
const shifts = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => 1 - ((i * 3) % 13));

/** What a finish to bytes takes behind the sums, and how the reference is told the same. */
export function finishing(bench: Bench, n: number, fixed: boolean) {
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
export function flipped(sums: Int32Array, n: number, { bias, how }: ReturnType<typeof finishing>): Int8Array {
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

/** Shapes that reach every part of a tile: whole ones, leftover rows, columns and values of K, and one row. */
const shapes = [
  [13, 2 * PANEL + 3, 8 * GROUP + 1],
  [1, 5 * PANEL + 5, 8 * GROUP + 2],
] as const;

const others: Partial<Record<KernelName, Trial>> = {
  matmul_f32(kernels, bench) {
    const [m, n, k] = [13, 11, 13];
    const [a, b] = [floats(m * k), floats(k * n)];
    const c = bench.put(new Float32Array(m * n));
    kernels.matmul_f32(bench.put(a), k * 4, bench.put(b), n * 4, c, n * 4, m, n, k, 0);
    const want = matmulF32(a, b, [m, n, k]);
    return { got: bench.get(c, want), want };
  },
  dynamic_quantize_u8(kernels, bench) {
    const x = floats(45);
    const [y, scale, zero] = [
      bench.put(new Uint8Array(45)),
      bench.put(new Float32Array(1)),
      bench.put(new Uint8Array(1)),
    ];
    kernels.dynamic_quantize_u8(bench.put(x), 45, y, scale, zero);
    const want = dynamicQuantize(x);
    const got = [
      ...bench.get(y, want.y),
      bench.get(scale, new Float32Array(1))[0],
      bench.get(zero, new Uint8Array(1))[0],
    ];
    return { got: Float64Array.from(got), want: Float64Array.from([...want.y, want.scale, want.zero]) };
  },
  quantize_u8(kernels, bench) {
    const x = floats(45);
    const want = quantize(x, 0.03, 101);
    const y = bench.put(new Uint8Array(45));
    kernels.quantize_u8(bench.put(x), 45, y, Math.fround(0.03), 101);
    return { got: bench.get(y, want), want };
  },
  add_u8(kernels, bench) {
    const [a, b] = [unsigned(45), unsigned(45).reverse()];
    const how = { aZero: 3, bZero: 200, aFactor: Math.fround(0.7), bFactor: Math.fround(0.41) };
    const limits = { zero: 120, low: 9, high: 240 };
    const want = Int8Array.from(addQuantized(a, b, { ...how, ...limits }), (byte) => byte - 128);
    const y = bench.put(new Int8Array(45));
    const [from, other] = [bench.put(a), bench.put(b)];
    kernels.add_u8(from, other, y, 45, 3, 200, how.aFactor, how.bFactor, 120, 9, 240, 128);
    return { got: bench.get(y, want), want };
  },
  row_sums_u8(kernels, bench) {
    const a = unsigned(5 * 21);
    const sums = bench.put(new Int32Array(5));
    kernels.row_sums_u8(bench.put(a), 21, 5, 21, sums);
    return { got: bench.get(sums, new Int32Array(5)), want: rowSumsU8(a, 5, 21) };
  },
  dequantize_u8(kernels, bench) {
    const [q, y] = [unsigned(37), new Float32Array(37)];
    const to = bench.put(y);
    kernels.dequantize_u8(bench.put(q), q.length, to, Math.fround(0.03), 99);
    return { got: bench.get(to, y), want: dequantize(q, 0.03, 99) };
  },
  dequantize_s8(kernels, bench) {
    const [q, y] = [signed(37), new Float32Array(37)];
    const to = bench.put(y);
    kernels.dequantize_s8(bench.put(q), q.length, to, Math.fround(0.03), -9);
    return { got: bench.get(to, y), want: dequantize(q, 0.03, -9) };
  },
  gather_blocks_f32(kernels, bench) {
    const [k, n, block, column] = [37, 11, 16, 9];
    const [b, y] = [halves(k * n), new Float32Array(k)];
    const scales = floats(Math.ceil(k / block) * n);
    const packed = packNibbles(b, k, n);
    const to = bench.put(y);
    const records = bench.put(packBlocks(packed, scales, [k, n, block]));
    kernels.gather_blocks_f32(bench.put(packed), k, column, to, block, records);
    const scaleOf = (row: number) => scales[Math.floor(row / block) * n + column];
    return { got: bench.get(to, y), want: y.map((_, row) => b[row * n + column] * scaleOf(row)) };
  },
  gather_panel_f32(kernels, bench) {
    const [k, n, column] = [21, 11, 9];
    const [b, y] = [signed(k * n), new Float32Array(k)];
    const to = bench.put(y);
    kernels.gather_panel_f32(bench.put(packPanels(b, k, n)), k, column, to, Math.fround(0.03), -9);
    const row = Int8Array.from({ length: k }, (_, i) => b[i * n + column]);
    return { got: bench.get(to, y), want: dequantize(row, 0.03, -9) };
  },
};

export const products: readonly (readonly [string, Trial])[] = [
  ...shapes.flatMap(([m, n, k]) => [
    ["matmul_u8s8_i32", product(m, n, k, "i32")] as const,
    ["matmul_u8s8_f32", product(m, n, k, "f32")] as const,
    ["matmul_u8s8_u8", requantized(m, n, k, false)] as const,
    ["matmul_u8s8_u8_fixed", requantized(m, n, k, true)] as const,
    ["matmul_u8s4_f32", blockProduct(m, n, k)] as const,
  ]),
  ...(Object.entries(others) as [string, Trial][]),
];
