// Which kernels are cut for threads, and along what: one line a kernel.

import { attentionScratch } from "../../kernels/attention.ts";
import { attentionI16Scratch } from "../../kernels/attention_i16.ts";
import type { KernelName } from "../../kernels/functions.ts";
import { BLOCK_RECORD, EXTREMES_BLOCK, GROUP, NIBBLE_GROUP, PAIR, PANEL } from "../../kernels/layout.ts";
import type { Arguments, Split } from "./split.ts";

const fixed = (bytes: number) => (): number => bytes;
const argument =
  (position: number, times = 1) =>
  (all: Arguments): number =>
    all[position] * times;
const times =
  (positions: readonly number[], cycles: number) =>
  (all: Arguments): number =>
    positions.reduce((product, position) => product * all[position], cycles);

/** Rows of a tile of any kernel divide this. */
const ROWS = 12;
/** Columns of a strip's widest tile. */
const COLUMNS = 96;
const FLOAT = 4;
/** Values of one cache line. */
const LINE = 16;

/** C = A·B with 8-bit weights in panels: rows; of few rows, columns. Positions as in `functions.ts`. */
const integerProduct: Split = {
  axes: [
    {
      count: 5,
      grain: ROWS,
      moves: [
        [0, argument(1)],
        [3, argument(4)],
        [11, fixed(4)],
      ],
    },
    {
      count: 6,
      grain: COLUMNS,
      moves: [
        [2, (all) => Math.ceil(all[7] / GROUP) * GROUP],
        ...[3, 9, 10, 13, 14].map((position) => [position, fixed(4)] as const),
      ],
    },
  ],
  work: times([5, 6, 7], 1 / 32),
};

/** The same of 4-bit weights in blocks. */
const blockProduct: Split = {
  axes: [
    {
      count: 5,
      grain: ROWS,
      moves: [
        [0, argument(1)],
        [3, argument(4)],
      ],
    },
    {
      count: 6,
      grain: COLUMNS,
      moves: [
        [2, (all) => (Math.ceil(all[7] / NIBBLE_GROUP) * NIBBLE_GROUP) / 2],
        [10, (all) => (Math.ceil(all[7] / all[8]) * BLOCK_RECORD) / PANEL],
        ...[3, 12].map((position) => [position, fixed(4)] as const),
      ],
    },
  ],
  work: times([5, 6, 7], 1 / 24),
};

/** The same of 16-bit activations; results and what a finish needs of a column have so many bytes. */
const shortsProduct = (weight: number, result: number, finish: readonly number[], bytes: number): Split => ({
  axes: [
    {
      count: 5,
      grain: ROWS,
      moves: [
        [0, argument(1)],
        [3, argument(4)],
      ],
    },
    {
      count: 6,
      grain: COLUMNS,
      moves: [
        [2, (all) => Math.ceil(all[7] / PAIR) * PAIR * weight],
        [3, fixed(result)],
        ...finish.map((position) => [position, fixed(bytes)] as const),
      ],
    },
  ],
  work: times([5, 6, 7], weight / 12),
});

const floatProduct: Split = {
  axes: [
    {
      count: 6,
      grain: ROWS,
      moves: [
        [0, argument(1)],
        [4, argument(5)],
      ],
    },
    { count: 7, grain: COLUMNS, moves: [2, 4, 9].map((position) => [position, fixed(4)] as const) },
  ],
  work: times([6, 7, 8], 1 / 8),
};

/** The same with weights in panels. */
const linear: Split = {
  axes: [
    {
      count: 5,
      grain: ROWS,
      moves: [
        [0, argument(1)],
        [3, argument(4)],
      ],
    },
    {
      count: 6,
      grain: COLUMNS,
      moves: [[2, argument(7, FLOAT)], ...[3, 8].map((position) => [position, fixed(FLOAT)] as const)],
    },
  ],
  work: times([5, 6, 7], 1 / 8),
};

/** A head at a time; each part scores in scratch memory of its own. */
const attention = (scratch: (all: Arguments) => number, speed: number): Split => ({
  axes: [
    {
      count: 10,
      grain: 1,
      moves: [0, 2]
        .map((position) => [position, argument(11, 4)] as const)
        .concat([4, 6].map((position) => [position, argument(12, 4)] as const)),
      own: [[15, scratch]],
    },
  ],
  work: (all) => (all[8] * all[9] * all[10] * (all[11] + all[12])) / speed,
});

/** Dense rows of `n` floats: x and y move, weights stay. */
const rowsOf = (cycles: number, inputs: readonly number[], rows: number, n: number): Split => ({
  axes: [{ count: rows, grain: 1, moves: inputs.map((position) => [position, argument(n, 4)] as const) }],
  work: times([rows, n], cycles),
});

/** `n` floats of all operands. */
const values = (cycles: number, operands: number): Split => ({
  axes: [
    {
      count: operands,
      grain: LINE,
      moves: Array.from({ length: operands }, (_, position) => [position, fixed(4)] as const),
    },
  ],
  work: times([operands], cycles),
});

/** (x, n, y, …): n values of `from` bytes become as many of `to` bytes. */
const converted = (from: number, to: number): Split => ({
  axes: [
    {
      count: 1,
      grain: LINE,
      moves: [
        [0, fixed(from)],
        [2, fixed(to)],
      ],
    },
  ],
  work: times([1], cheap),
});

const [cheap, costly] = [0.5, 4];

/** Kernels that are not in the table run on the calling thread. */
export const splits: Partial<Record<KernelName, Split>> = {
  matmul_u8s8_i32: integerProduct,
  matmul_u8s8_f32: integerProduct,
  matmul_u8s4_f32: blockProduct,
  matmul_s16s8_f32: shortsProduct(1, 4, [9, 11], 4),
  matmul_s16s16_f32: shortsProduct(2, 4, [9, 11], 4),
  matmul_s16s8_s16: shortsProduct(1, 2, [9, 10], 8),
  matmul_s16s16_s16: shortsProduct(2, 2, [9, 10], 8),
  matmul_f32: floatProduct,
  linear_f32: linear,
  attention_f32: attention((all) => attentionScratch(all[9]), 4),
  attention_i16: attention((all) => attentionI16Scratch(all[9], all[11], all[12]), 8),
  softmax_f32: rowsOf(3, [0, 1], 2, 3),
  layer_norm_f32: rowsOf(1, [0, 1], 2, 3),
  row_sums_u8: {
    axes: [
      {
        count: 2,
        grain: 1,
        moves: [
          [0, argument(1)],
          [4, fixed(4)],
        ],
      },
    ],
    work: times([2, 3], 1 / 16),
  },
  rotary_f32: {
    axes: [
      {
        count: 4,
        grain: 1,
        moves: [
          ...[0, 1].map((position) => [position, times([5, 6], 4)] as const),
          ...[2, 3].map((position) => [position, argument(7, 2)] as const),
        ],
      },
    ],
    work: times([4, 5, 6], cheap),
  },
  extremes_f32: {
    axes: [
      {
        count: 1,
        grain: EXTREMES_BLOCK,
        moves: [[0, fixed(4)], ...[2, 3].map((position) => [position, fixed(4 / EXTREMES_BLOCK)] as const)],
      },
    ],
    work: times([1], cheap),
  },
  residual_u8: {
    axes: [
      {
        count: 1,
        grain: LINE,
        moves: [
          [0, fixed(4)],
          [2, fixed(1)],
          [3, fixed(4)],
        ],
      },
    ],
    work: times([1], cheap),
  },
  quantize_u8: converted(4, 1),
  dequantize_u8: converted(1, 4),
  dequantize_s8: converted(1, 4),
  quantize_s16: converted(4, 2),
  dequantize_s16: converted(2, 4),
  ...Object.fromEntries(
    (["neg", "abs", "sqrt", "relu"] as const).map((name) => [`${name}_f32`, values(cheap, 2)]),
  ),
  ...Object.fromEntries(
    (["exp", "log", "sin", "cos", "erf", "tanh", "sigmoid", "gelu", "silu"] as const).map((name) => [
      `${name}_f32`,
      values(costly, 2),
    ]),
  ),
  ...Object.fromEntries(
    (["add", "sub", "mul", "div", "max", "min"] as const).map((name) => [`${name}_f32`, values(cheap, 3)]),
  ),
  ...Object.fromEntries(
    (["add", "sub", "mul", "div"] as const).map((name) => [`${name}_row_f32`, rowsOf(cheap, [0, 2], 3, 4)]),
  ),
};
