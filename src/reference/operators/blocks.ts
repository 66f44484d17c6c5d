// Operators with 4-bit weights in blocks along K: the product, and the look-up in a table that shares its matrix.

import { matmulU8S4F32 } from "../blocks.ts";
import {
  build,
  dataOf,
  floats,
  type Inputs,
  misfit,
  numberOf,
  type OperatorContext,
  type Operators,
  type ReferenceOperator,
  required,
  tensorOf,
} from "./operator.ts";

interface Blocks {
  b: Int8Array;
  k: number;
  n: number;
  block: number;
  scales: Float32Array;
}

/** B int4 [K, N] and its scales [blocks, N], which the attribute `block` says where to use. */
function blocksOf(inputs: Inputs, [b, scale]: readonly [number, number], context: OperatorContext): Blocks {
  const [matrix, scales] = [required(inputs, b, context), floats(inputs, scale, context)];
  const [k, n] = matrix.dims;
  const block = numberOf(context, "block", 0);
  if (matrix.dtype !== "int4" || matrix.dims.length !== 2)
    throw misfit(inputs, context, "B int4 [K, N]", `${matrix.dtype} of rank ${matrix.dims.length}`);
  if (!(Number.isInteger(block) && block > 0)) throw misfit(inputs, context, "a size of blocks", `${block}`);
  if (scales.length !== Math.ceil(k / block) * n)
    throw misfit(inputs, context, `scales [${Math.ceil(k / block)}, ${n}]`, `${scales.length} scales`);
  return { b: dataOf(matrix) as Int8Array, k, n, block, scales };
}

/** A uint8 [.., M, K], B int4 [K, N], aScale, scales [blocks, N], aZero, bias [N] */
const matMulBlocksToFloat: ReferenceOperator = (inputs, context) => {
  const a = required(inputs, 0, context);
  const { b, k, n, block, scales } = blocksOf(inputs, [1, 3], context);
  const bias = inputs[5] && floats(inputs, 5, context);
  if (a.dtype !== "uint8" || a.dims.at(-1) !== k || (bias && bias.length !== n))
    throw misfit(inputs, context, `A uint8 [.., ${k}], bias [${n}]`, "others");
  const y = matmulU8S4F32(dataOf(a) as Uint8Array, b, [k === 0 ? 0 : a.size / k, n, k], {
    aZero: required(inputs, 4, context).numbers()[0],
    aScale: floats(inputs, 2, context)[0],
    block,
    scales,
    bias,
  });
  return [tensorOf("float32", y, [...a.dims.slice(0, -1), n])];
};

/** Columns of B as rows of floats: y[.., k] = B[k, index]·scale[⌊k / block⌋, index]. */
const gatherBlocks: ReferenceOperator = (inputs, context) => {
  const { b, k, n, block, scales } = blocksOf(inputs, [0, 1], context);
  const indices = required(inputs, 2, context);
  const columns = indices.numbers().map((index) => {
    if (!(index >= -n && index < n))
      throw misfit(inputs, context, `an index from ${-n} to ${n - 1}`, `${index}`);
    return index < 0 ? index + n : index;
  });
  return [
    build("float32", [...indices.dims, k], (i) => {
      const [row, column] = [i % k, columns[Math.floor(i / k)]];
      return b[row * n + column] * scales[Math.floor(row / block) * n + column];
    }),
  ];
};

export const blocks: Operators = {
  MatMulBlocksToFloat: matMulBlocksToFloat,
  GatherBlocks: gatherBlocks,
};
