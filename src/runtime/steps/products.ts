// Binders of the products: integer and float matrix products, embeddings, and the quantization on the fly that feeds
// them.

import { EXTREMES_BLOCK } from "../../kernels/layout.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims, isScalar, isVectorOf } from "../operand.ts";
import { asRows, type Binder, type RunContext, type Site } from "../step.ts";
import { indexReader } from "./indices.ts";

/** Inputs of MatMulIntegerToFloat by position. */
const A = 0,
  B = 1,
  A_SCALE = 2,
  B_SCALE = 3,
  A_ZERO = 4,
  B_ZERO = 5,
  BIAS = 6;

/** What an integer product does to rows of A: as many as there are, one after another. */
export type RowsProduct = (
  context: RunContext,
  from: number,
  strideBytes: number,
  m: number,
  to: number,
) => void;

/** The product of rows of A, wherever they are, with B; `sumsOfRows`: scratch for 4 bytes a row. */
export function integerProduct(site: Site, sumsOfRows: number): RowsProduct | undefined {
  const matrix = site.matrix(B, B_SCALE, B_ZERO);
  const scalars = [A_SCALE, A_ZERO].every((index) => isScalar(site.inputs[index]));
  if (!matrix || !scalars || !isVectorOf(site.inputs[BIAS], matrix.n)) return undefined;
  const { matmul_u8s8_f32, row_sums_u8 } = site.kernels;
  const [aScale, aZero] = [site.inputs[A_SCALE]!.pointer >> 2, site.inputs[A_ZERO]!.pointer];
  const bias = site.inputs[BIAS]?.pointer ?? 0;
  const { panels, k, n, sums, zeros, scales } = matrix;
  const rowSums = zeros === 0 ? 0 : sumsOfRows;
  return ({ views }, from, stride, m, to) => {
    const [scale, zero] = [views.f32[aScale], views.u8[aZero]];
    if (rowSums !== 0) row_sums_u8(from, stride, m, k, rowSums);
    const a = [from, stride, panels, to, n * 4, m, n, k, zero] as const;
    matmul_u8s8_f32(...a, sums, zeros, rowSums, scale, scales, bias);
  };
}

const matMulInteger: Binder = {
  scratch({ inputs }) {
    const dims = fixedDims(inputs[A]);
    return dims ? asRows(dims).rows * 4 : 0;
  },
  bind(site) {
    const dims = fixedDims(site.inputs[A]);
    const product = integerProduct(site, site.scratch);
    if (!dims || !product) return undefined;
    const { rows, width } = asRows(dims);
    const [a, y] = [site.inputs[A]!.pointer, site.outputs[0].pointer];
    return (context) => product(context, a, width, rows, y);
  },
};

const gatherDequantize: Binder = {
  bind(site) {
    const matrix = site.matrix(0, 1, 2);
    const indices = site.inputs[3]!;
    const count = fixedDims(indices) && sizeOf(indices.dims as number[]);
    if (!matrix || count === undefined || indices.dtype !== "int64") return undefined;
    const { gather_panel_f32 } = site.kernels;
    const y = site.outputs[0].pointer;
    const { panels, k, n } = matrix;
    const [scales, zeros] = [1, 2].map((input) => site.constant(input)!.data);
    const indexAt = indexReader(site.node, indices, n);
    return ({ views }) => {
      for (let i = 0; i < count; i++) {
        const column = indexAt(views, i);
        const [scale, zero] = [scales, zeros].map((all) => Number(all[all.length === 1 ? 0 : column]));
        gather_panel_f32(panels, k, column, y + i * k * 4, scale, zero);
      }
    };
  },
};

/** Values that threads share in one pass after another. */
const SHARED_VALUES = 16 * EXTREMES_BLOCK;

const dynamicQuantize: Binder = {
  scratch({ inputs, threads }) {
    const dims = fixedDims(inputs[0]);
    return threads > 1 && dims ? 2 * blocksOf(sizeOf(dims)) * 4 : 0;
  },
  bind({ node, inputs, outputs, kernels, threads, scratch }) {
    const dims = fixedDims(inputs[0]);
    const bits = Number(node.attributes.bits ?? 8);
    if (!dims || bits > 8) return undefined;
    const most = 2 ** bits - 1;
    const [x, y, scale, zero] = [inputs[0]!, ...outputs].map((operand) => operand.pointer);
    const n = sizeOf(dims);
    const { dynamic_quantize_u8, extremes_f32, dynamic_grid_u8, quantize_u8 } = kernels;
    if (threads === 1 || n < SHARED_VALUES) return () => dynamic_quantize_u8(x, n, y, scale, zero, most);
    const [lows, highs] = [scratch, scratch + blocksOf(n) * 4];
    return ({ views }) => {
      extremes_f32(x, n, lows, highs);
      dynamic_grid_u8(lows, highs, blocksOf(n), scale, zero, most);
      quantize_u8(x, n, y, views.f32[scale >> 2], views.u8[zero], most);
    };
  },
};

function blocksOf(n: number): number {
  return Math.ceil(n / EXTREMES_BLOCK);
}

/** What 8 bits left over of x. */
const residual: Binder = {
  bind({ inputs, outputs, kernels: { residual_u8 } }) {
    const dims = fixedDims(inputs[0]);
    const q = inputs[1];
    if (!dims || q?.dtype !== "uint8" || String(q.dims) !== String(dims)) return undefined;
    if (inputs[0]!.dtype !== "float32" || !inputs.slice(2, 4).every(isScalar)) return undefined;
    const [from, bytes, scale, zero] = inputs.map((operand) => operand!.pointer);
    const [y, n] = [outputs[0].pointer, sizeOf(dims)];
    return ({ views }) => residual_u8(from, n, bytes, y, views.f32[scale >> 2], views.u8[zero]);
  },
};

/** x·W + bias; the bias may be any value of the right size. */
const linear: Binder = {
  bind(site) {
    const { inputs, outputs, kernels } = site;
    const [x, w, bias] = inputs.map((input) => fixedDims(input));
    if (!x || !w || inputs.some((input) => input && input.dtype !== "float32")) return undefined;
    const [{ rows }, [k, n]] = [asRows(x), w];
    if (inputs[2] && (!bias || sizeOf(bias) !== n)) return undefined;
    const { linear_f32, matmul_f32 } = kernels;
    const [from, y, more] = [inputs[0]!.pointer, outputs[0].pointer, inputs[2]?.pointer ?? 0];
    const panels = site.floats(1);
    if (panels !== undefined) return () => linear_f32(from, k * 4, panels, y, n * 4, rows, n, k, more);
    const matrix = inputs[1]!.pointer;
    return () => matmul_f32(from, k * 4, matrix, n * 4, y, n * 4, rows, n, k, more);
  },
};

/** Float product of [.., M, K] with [K, N], or of equally many matrices of both. */
const matMul: Binder = {
  bind(site) {
    const { inputs, outputs } = site;
    const { matmul_f32 } = site.kernels;
    const [a, b] = [fixedDims(inputs[0]), fixedDims(inputs[1])];
    if (!a || !b || a.length < 2 || b.length < 2 || inputs[0]!.dtype !== "float32") return undefined;
    if (site.floats(1) !== undefined) return linear.bind(site);
    const [k, n] = b.slice(-2);
    const sameBatches = String(a.slice(0, -2)) === String(b.slice(0, -2));
    if (!sameBatches && b.length > 2) return undefined;
    const batches = sameBatches ? sizeOf(a.slice(0, -2)) : 1;
    const m = sizeOf(a.slice(0, -1)) / batches;
    const [x, w, y] = [inputs[0]!.pointer, inputs[1]!.pointer, outputs[0].pointer];
    return () => {
      for (let i = 0; i < batches; i++)
        matmul_f32(x + i * m * k * 4, k * 4, w + i * k * n * 4, n * 4, y + i * m * n * 4, n * 4, m, n, k, 0);
    };
  },
};

export const products: Record<string, Binder> = {
  MatMulIntegerToFloat: matMulInteger,
  GatherDequantize: gatherDequantize,
  DynamicQuantizeLinear: dynamicQuantize,
  QuantizationResidual: residual,
  MatMul: matMul,
  Linear: linear,
};
