// Trials of the kernels of weights of 4 bits in blocks.

import { packBlocks, packNibbles } from "../../kernels/layout.ts";
import { matmulU8S4F32 } from "../../reference/blocks.ts";
import { floats, signed, type Trial, type Trials, unsigned } from "./bench.ts";
import { shapes } from "./products.ts";

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

const gatherBlocks: Trial = (kernels, bench) => {
  const [k, n, block, column] = [37, 11, 16, 9];
  const [b, y] = [halves(k * n), new Float32Array(k)];
  const scales = floats(Math.ceil(k / block) * n);
  const packed = packNibbles(b, k, n);
  const to = bench.put(y);
  const records = bench.put(packBlocks(packed, scales, [k, n, block]));
  kernels.gather_blocks_f32(bench.put(packed), k, column, to, block, records);
  const scaleOf = (row: number) => scales[Math.floor(row / block) * n + column];
  return { got: bench.get(to, y), want: y.map((_, row) => b[row * n + column] * scaleOf(row)) };
};

export const blockTrials: Trials = [
  ...shapes.map(([m, n, k]) => ["matmul_u8s4_f32", blockProduct(m, n, k)] as const),
  ["gather_blocks_f32", gatherBlocks],
];
