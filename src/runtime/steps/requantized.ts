// Binders of the operators from bytes to bytes: products, convolutions, sums. What the finish of a kernel takes is made
// of the node's constants when the plan is made.

import type { Node } from "../../model/graph.ts";
import { sizeOf, type Tensor } from "../../tensor/tensor.ts";
import { fixedDims, isVectorOf } from "../operand.ts";
import { asRows, type Binder, type PreparedMatrix, type Site } from "../step.ts";
import { paddedBytes, slidingOf, windowBytes, windowRows } from "./sliding.ts";
import { groupsOf, rowsScratch, slide, slideScratch } from "./windows.ts";

/** Inputs by position. */
const [W, FACTOR, SHIFT, BIAS, W_ZERO] = [1, 2, 3, 4, 5];

/** The limits of a result; those of signed bytes are moved up by 128, and `flip` moves what is stored down again. */
interface Range {
  zero: number;
  low: number;
  high: number;
  flip: number;
}

function rangeOf({ attributes }: Node): Range {
  const up = attributes.dtype === "int8" ? 128 : 0;
  const of = (name: string, otherwise: number): number => (attributes[name] as number) ?? otherwise;
  const [low, high] = [of("low", -up) + up, of("high", 255 - up) + up];
  return { zero: of("yZero", 0) + up, low: Math.max(low, 0), high: Math.min(high, 255), flip: up };
}

/** What the finish of column `first` and those after it takes, in the order of the kernels' parameters. */
type Finishing = (first: number) => readonly number[];

/** The finish of `n` columns: its name and its arguments; undefined where the kernels have none. */
function finishOf(site: Site, n: number): { fixed: boolean; values: Finishing } | undefined {
  const { rounding = "double" } = site.node.attributes;
  const [factor, shift, bias] = [FACTOR, SHIFT, BIAS].map((index) => site.constant(index));
  const fixed = rounding === "double";
  if (!factor || (!fixed && rounding !== "even") || fixed !== (shift !== undefined)) return undefined;
  if ((site.inputs[BIAS] && !bias) || !isVectorOf(site.inputs[BIAS], n)) return undefined;
  if ([factor, shift].some((list) => list && list.size !== 1 && list.size !== n)) return undefined;
  if (!fixed && !factor.numbers().every(Number.isFinite)) return undefined;
  const shifts = spread(shift, n, 0);
  if (shifts.some((each) => each < -30 || each > 31)) return undefined;
  const { zero, low, high, flip } = rangeOf(site.node);
  const place = (kind: string, list: Tensor | undefined, make: () => Float32Array | Int32Array): number =>
    site.derived(`${kind} of ${n}`, list ? [list] : [], make);
  const biases = place("bias", bias, () => Int32Array.from(spread(bias, n, 0)));
  const factors = place("factors", factor, () =>
    fixed ? Int32Array.from(spread(factor, n, 0)) : Float32Array.from(spread(factor, n, 0)),
  );
  const arrays = fixed
    ? [
        place("powers", shift, () => Int32Array.from(shifts, (each) => 2 ** (30 + Math.min(each, 0)))),
        place("lefts", shift, () => Int32Array.from(shifts, (each) => 2 ** Math.max(each, 0))),
      ]
    : [];
  return {
    fixed,
    values: (first) => [
      ...[biases + 4 * first, factors + 4 * first, zero, low, high, flip],
      ...arrays.map((pointer) => pointer + 4 * first),
    ],
  };
}

/** One for each column, of a constant that has one for all or one for each. */
function spread(list: Tensor | undefined, n: number, otherwise: number): number[] {
  const values = list?.numbers() ?? [otherwise];
  return values.length === n ? values : new Array<number>(n).fill(values[0]);
}

function numberOf({ attributes }: Node, name: string): number {
  return (attributes[name] as number | undefined) ?? 0;
}

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

/** Behind the table of places, rounded up to 4 of them: a value for each channel. */
function depthwiseScratch(site: Site): number {
  const sliding = slidingOf(site);
  return sliding ? slideScratch(site) + 128 + 4 * sliding.channels : 0;
}

const depthwiseConv: Binder = {
  scratch: depthwiseScratch,
  bind(site) {
    const sliding = slidingOf(site);
    const matrix = sliding && site.matrix(W, undefined, undefined);
    if (!matrix || matrix.n !== sliding.channels || site.inputs[0]!.dtype !== "uint8") return undefined;
    const finish = finishOf(site, matrix.n);
    if (!finish || matrix.k !== sizeOf(sliding.kernel)) return undefined;
    const { depthwise_u8s8_u8, depthwise_u8s8_u8_fixed } = site.kernels;
    const kernel = (finish.fixed ? depthwise_u8s8_u8_fixed : depthwise_u8s8_u8) as (...all: number[]) => void;
    const table = paddedBytes(sliding) + 4 * Math.ceil(matrix.k / 4) * 4;
    const xZero = numberOf(site.node, "xZero");
    const own = [matrix.panels, xZero, matrix.sums, site.scratch + Math.ceil(table / 64) * 64];
    const finishing = finish.values(0);
    return slide(site, sliding, xZero, (windows) => kernel(...windows, ...own, ...finishing));
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
  DepthwiseConvQuantized: depthwiseConv,
  AddQuantized: add,
};
