// Binders of the operators from bytes to bytes: products, convolutions, sums.

import { sizeOf } from "../../tensor/tensor.ts";
import { fixedDims } from "../operand.ts";
import { asRows, type Binder, type PreparedMatrix, type Site } from "../step.ts";
import { depthwiseQuantized } from "./depthwise.ts";
import { finishOf, numberOf, rangeOf } from "./finishing.ts";
import { slidingOf, windowBytes, windowRows } from "./sliding.ts";
import { groupsOf, rowsScratch } from "./windows.ts";

/** Inputs by position. */
const [W, W_ZERO] = [1, 5];

/** Columns of a matrix that are one group's. */
interface Columns {
  first: number;
  count: number;
}

/** The product of rows of bytes with some columns; `rowSums`: scratch for 4 bytes a row. */
type Product = (from: number, stride: number, m: number, to: number, columns: Columns) => void;

function productOf(site: Site, matrix: PreparedMatrix, rowSums: number): Product | undefined {
  const finish = finishOf(site, matrix.n);
  if (!finish) return undefined;
  const { matmul_u8s8_u8, matmul_u8s8_u8_fixed, row_sums_u8 } = site.kernels;
  const kernel = (finish.fixed ? matmul_u8s8_u8_fixed : matmul_u8s8_u8) as (...all: number[]) => void;
  const { panels, k, n, sums, zeros } = matrix;
  const xZero = numberOf(site.node, "xZero");
  const sumsOfRows = zeros === 0 ? 0 : rowSums;
  const columnBytes = Math.ceil(k / 4) * 4;
  const known = new Map<number, readonly number[]>();
  return (from, stride, m, to, { first, count }) => {
    const finishing = known.get(first) ?? finish.values(first);
    known.set(first, finishing);
    if (sumsOfRows !== 0) row_sums_u8(from, stride, m, k, sumsOfRows);
    const b = panels + first * columnBytes;
    const zerosAt = zeros === 0 ? 0 : zeros + 4 * first;
    const rows = [from, stride, b, to + first, n, m, count, k] as const;
    kernel(...rows, xZero, sums + 4 * first, zerosAt, sumsOfRows, ...finishing);
  };
}

const matMul: Binder = {
  scratch({ inputs }) {
    const dims = fixedDims(inputs[0]);
    return dims ? asRows(dims).rows * 4 : 0;
  },
  bind(site) {
    const [dims, matrix] = [fixedDims(site.inputs[0]), site.matrix(W, undefined, W_ZERO)];
    const product = matrix && productOf(site, matrix, site.scratch);
    if (!dims || !product || site.inputs[0]!.dtype !== "uint8") return undefined;
    const { rows, width } = asRows(dims);
    const [a, y] = [site.inputs[0]!.pointer, site.outputs[0].pointer];
    const all = { first: 0, count: matrix.n };
    return () => product(a, width, rows, y, all);
  },
};

/** A group's columns must begin with a panel. */
const conv: Binder = {
  scratch: rowsScratch(4),
  bind(site) {
    const [sliding, groups] = [slidingOf(site), groupsOf(site.node)];
    const matrix = sliding && site.matrix(W, undefined, W_ZERO);
    if (!matrix || site.inputs[0]!.dtype !== "uint8") return undefined;
    const count = matrix.n / groups;
    const product = productOf(site, matrix, site.scratch + windowBytes(sliding, groups));
    if (!product || (groups > 1 && count % 8 !== 0)) return undefined;
    const rows = windowRows(sliding, groups, site.kernels, site.inputs[0]!.pointer, site.scratch);
    const [y, fill] = [site.outputs[0].pointer, numberOf(site.node, "xZero")];
    const columns = Array.from({ length: groups }, (_, group) => ({ first: group * count, count }));
    return () =>
      rows(fill, (from, stride, m, first, group) =>
        product(from, stride, m, y + first * matrix.n, columns[group]),
      );
  },
};

const add: Binder = {
  bind({ node, inputs, outputs, kernels: { add_u8 } }) {
    const [a, b] = [fixedDims(inputs[0]), fixedDims(inputs[1])];
    if (!a || String(a) !== String(b) || inputs.some((input) => input!.dtype !== "uint8")) return undefined;
    const [from, other, y, n] = [inputs[0]!.pointer, inputs[1]!.pointer, outputs[0].pointer, sizeOf(a)];
    const { aFactor = 1, bFactor = 1 } = node.attributes as Record<string, number>;
    const { zero, low, high, flip } = rangeOf(node);
    const [aZero, bZero] = [numberOf(node, "aZero"), numberOf(node, "bZero")];
    return () => add_u8(from, other, y, n, aZero, bZero, aFactor, bFactor, zero, low, high, flip);
  },
};

export const requantized: Record<string, Binder> = {
  MatMulQuantized: matMul,
  ConvQuantized: conv,
  DepthwiseConvQuantized: depthwiseQuantized,
  AddQuantized: add,
};
