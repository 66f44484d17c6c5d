// Trials of the products, and of what quantizes and dequantizes around them.

import type { KernelName } from "../../kernels/functions.ts";
import { columnSums, EXTREMES_BLOCK, GROUP, PANEL, packFloats, packPanels } from "../../kernels/layout.ts";
import { matmulF32, matmulU8S8F32, matmulU8S8I32, rowSumsU8 } from "../../reference/matmul.ts";
import { dequantize, dynamicQuantize, quantizationResidual, quantize } from "../../reference/quantize.ts";
import { floats, noise, signed, type Trial, unsigned } from "./bench.ts";

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

/** Shapes that reach every part of a tile: whole ones, leftover rows, columns and values of K, and one row. */
export const shapes = [
  [13, 2 * PANEL + 3, 8 * GROUP + 1],
  [1, 5 * PANEL + 5, 8 * GROUP + 2],
] as const;

function linear(m: number, n: number, k: number): Trial {
  return (kernels, bench) => {
    const [a, b, bias] = [floats(m * k), floats(k * n), floats(n)];
    const [x, panels, c] = [a, packFloats(b, k, n), new Float32Array(m * n)].map((each) => bench.put(each));
    kernels.linear_f32(x, k * 4, panels, c, n * 4, m, n, k, bench.put(bias));
    const want = matmulF32(a, b, [m, n, k], bias);
    return { got: bench.get(c, want), want };
  };
}

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
    kernels.dynamic_quantize_u8(bench.put(x), 45, y, scale, zero, 63);
    const want = dynamicQuantize(x, 6);
    const got = [
      ...bench.get(y, want.y),
      bench.get(scale, new Float32Array(1))[0],
      bench.get(zero, new Uint8Array(1))[0],
    ];
    return { got: Float64Array.from(got), want: Float64Array.from([...want.y, want.scale, want.zero]) };
  },
  extremes_f32(kernels, bench) {
    const x = floats(EXTREMES_BLOCK + 45);
    const [lows, highs] = [bench.put(new Float32Array(2)), bench.put(new Float32Array(2))];
    kernels.extremes_f32(bench.put(x), x.length, lows, highs);
    const blocks = [x.subarray(0, EXTREMES_BLOCK), x.subarray(EXTREMES_BLOCK)];
    return {
      got: Float32Array.of(...bench.get(lows, new Float32Array(2)), ...bench.get(highs, new Float32Array(2))),
      want: Float32Array.of(
        ...blocks.map((block) => Math.min(0, ...block)),
        ...blocks.map((block) => Math.max(0, ...block)),
      ),
    };
  },
  dynamic_grid_u8(kernels, bench) {
    const x = floats(45);
    const [lows, highs] = [bench.put(x), bench.put(x)];
    const [scale, zero] = [bench.put(new Float32Array(1)), bench.put(new Uint8Array(1))];
    kernels.dynamic_grid_u8(lows, highs, x.length, scale, zero, 255);
    const want = dynamicQuantize(x);
    return {
      got: Float64Array.of(bench.get(scale, new Float32Array(1))[0], bench.get(zero, new Uint8Array(1))[0]),
      want: Float64Array.of(want.scale, want.zero),
    };
  },
  quantize_u8(kernels, bench) {
    const x = floats(45);
    const want = quantize(x, 0.03, 101);
    const y = bench.put(new Uint8Array(45));
    kernels.quantize_u8(bench.put(x), 45, y, Math.fround(0.03), 101, 255);
    return { got: bench.get(y, want), want };
  },
  residual_u8(kernels, bench) {
    const [x, q] = [floats(37), unsigned(37)];
    const to = bench.put(new Float32Array(37));
    kernels.residual_u8(bench.put(x), x.length, bench.put(q), to, Math.fround(0.03), 99);
    return { got: bench.get(to, x), want: quantizationResidual(x, q, 0.03, 99) };
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
  ]),
  // All tiles of rows and of columns; enough columns of one row that threads share them.
  ["linear_f32", linear(13, 35, 13)],
  ["linear_f32", linear(1, 101, 9)],
  ...(Object.entries(others) as [string, Trial][]),
];
