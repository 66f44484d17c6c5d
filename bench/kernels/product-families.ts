// Families of matrix products: C[m, n] = A[m, k] · B[k, n].

import { columnSums, packBlocks, packNibbles, packPanels } from "../../src/kernels/layout.ts";
import { matmulU8S4F32 } from "../../src/reference/blocks.ts";
import { matmulF32, matmulU8S8F32, matmulU8S8I32 } from "../../src/reference/matmul.ts";
import { family } from "./family.ts";
import { floats, type Random, signedBytes, unsignedBytes } from "./random.ts";

type Product = readonly [m: number, n: number, k: number];

const products = {
  shapes: "products",
  type: Float32Array,
  work: ([m, n, k]: Product) => 2 * m * n * k,
  count: ([m, n]: Product) => m * n,
} as const;
const bytesProduct = ([m, n, k]: Product, random: Random) => ({
  a: unsignedBytes(random, m * k),
  b: signedBytes(random, k * n),
});
/** Values of K that share a scale, in 4 bits. */
const BLOCK = 32;

export const productFamilies = {
  u8s8: family({
    ...{ title: "8-bit product, int32", ...products, type: Int32Array, limit: "u8s8" },
    operands: bytesProduct,
    reference: ({ a, b }, shape) => matmulU8S8I32(a, b, shape),
    bind({ matmul_u8s8_i32 }, place, { a, b }, [m, n, k]) {
      const [x, panels, sums] = [a, packPanels(b, k, n), columnSums(b, k, n)].map((v) => place.put(v));
      const c = place.reserve(m * n * 4);
      return { call: () => matmul_u8s8_i32(x, k, panels, c, n * 4, m, n, k, 0, sums, 0, 0), result: c };
    },
  }),

  u8s8_f32: family({
    ...{ title: "8-bit product, scaled to float32", ...products, limit: "u8s8" },
    operands: (shape: Product, random) => ({
      ...bytesProduct(shape, random),
      ...{ scales: floats(random, shape[1], 0.01), bias: floats(random, shape[1], 1) },
    }),
    reference: ({ a, b, scales, bias }, shape) =>
      matmulU8S8F32(a, b, shape, { aZero: 128 }, { aScale: 0.03, bScales: scales, bias }),
    bind({ matmul_u8s8_f32 }, place, { a, b, scales, bias }, [m, n, k]) {
      const all = [a, packPanels(b, k, n), columnSums(b, k, n), scales, bias];
      const [x, panels, sums, s, add] = all.map((v) => place.put(v));
      const c = place.reserve(m * n * 4);
      const call = () =>
        matmul_u8s8_f32(x, k, panels, c, n * 4, m, n, k, 128, sums, 0, 0, Math.fround(0.03), s, add);
      return { call, result: c };
    },
  }),

  u8s4: family({
    ...{ title: "8-bit × 4-bit product in blocks of 32, float32", ...products, limit: "u8s8" },
    operands: ([m, n, k]: Product, random) => ({
      a: unsignedBytes(random, m * k),
      b: signedBytes(random, k * n).map((value) => value >> 4),
      scales: floats(random, Math.ceil(k / BLOCK) * n, 0.01),
    }),
    reference: ({ a, b, scales }, shape) =>
      matmulU8S4F32(a, b, shape, { aZero: 128, aScale: Math.fround(0.03), block: BLOCK, scales }),
    bind({ matmul_u8s4_f32 }, place, { a, b, scales }, [m, n, k]) {
      const packed = packNibbles(b, k, n);
      const blocks = packBlocks(packed, scales, [k, n, BLOCK]);
      const [x, nibbles, records] = [a, packed, blocks].map((v) => place.put(v));
      const c = place.reserve(m * n * 4);
      const sizes = [m, n, k, BLOCK, 128] as const;
      const call = () => matmul_u8s4_f32(x, k, nibbles, c, n * 4, ...sizes, records, Math.fround(0.03), 0);
      return { call, result: c };
    },
  }),

  f32: family({
    ...{ title: "float32 product", ...products, limit: "f32" },
    operands: ([m, n, k]: Product, random) => ({ a: floats(random, m * k, 1), b: floats(random, k * n, 1) }),
    reference: ({ a, b }, shape) => matmulF32(a, b, shape),
    bind({ matmul_f32 }, place, operands, [m, n, k]) {
      const [a, b] = [place.put(operands.a), place.put(operands.b)];
      const c = place.reserve(m * n * 4);
      return { call: () => matmul_f32(a, k * 4, b, n * 4, c, n * 4, m, n, k, 0), result: c };
    },
  }),
};
