// Binders of 4-bit weights in blocks: the product, and rows of an embedding table that shares its matrix.

import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims, isScalar, isVectorOf } from "../operand.ts";
import { asRows, type Binder } from "../step.ts";
import { indexReader } from "./indices.ts";

const matMulBlocks: Binder = {
  bind(site) {
    const dims = fixedDims(site.inputs[0]);
    const matrix = site.blocks(1, 3);
    const fits = matrix && [2, 4].every((index) => isScalar(site.inputs[index]));
    if (!dims || !fits || site.inputs[0]!.dtype !== "uint8" || !isVectorOf(site.inputs[5], matrix.n))
      return undefined;
    const { matmul_u8s4_f32 } = site.kernels;
    const { rows: m, width: k } = asRows(dims);
    const [a, y] = [site.inputs[0]!.pointer, site.outputs[0].pointer];
    const [aScale, aZero] = [site.inputs[2]!.pointer >> 2, site.inputs[4]!.pointer];
    const bias = site.inputs[5]?.pointer ?? 0;
    const { panels, n, block, records } = matrix;
    return ({ views: { f32, u8 } }) =>
      matmul_u8s4_f32(a, k, panels, y, n * 4, m, n, k, block, u8[aZero], records, f32[aScale], bias);
  },
};

const gatherBlocks: Binder = {
  bind(site) {
    const matrix = site.blocks(0, 1);
    const indices = site.inputs[2]!;
    const dims = fixedDims(indices);
    if (!matrix || !dims || indices.dtype !== "int64") return undefined;
    const { gather_blocks_f32 } = site.kernels;
    const { panels, k, n, block, records } = matrix;
    const [y, count] = [site.outputs[0].pointer, sizeOf(dims)];
    const indexAt = indexReader(site.node, indices, n);
    return ({ views }) => {
      for (let i = 0; i < count; i++)
        gather_blocks_f32(panels, k, indexAt(views, i), y + i * k * 4, block, records);
    };
  },
};

export const blocks: Record<string, Binder> = {
  MatMulBlocksToFloat: matMulBlocks,
  GatherBlocks: gatherBlocks,
};
