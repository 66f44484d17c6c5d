import assert from "node:assert/strict";
import { test } from "node:test";
import { gridFor } from "../grid.ts";
import { groupsOf, type WeightShape, weightsOf } from "../matrix.ts";
import type { WeightFormat } from "../schemes.ts";
import { adaRound } from "./adaround.ts";
import { biasCorrection } from "./bias.ts";
import { cholesky, inverseOf } from "./cholesky.ts";
import { equalizingFactors } from "./equalize.ts";
import { fitRange, fitSquares, groupErrors, nearest } from "./fit.ts";
import { gptq } from "./gptq.ts";
import { type Problem, roundNearest, rowError } from "./rounding.ts";
import { InputStatistics } from "./statistics.ts";

/** Repeatable numbers, about normal. */
function noise(count: number, seed: number): Float32Array {
  let state = seed * 7919 + 1;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 2 ** 31 - 0.5;
  return Float32Array.from({ length: count }, () => next() + next() + next());
}

/** Inputs that go together: each is half its neighbour. */
function inputs(k: number, count: number): InputStatistics {
  const statistics = new InputStatistics(k);
  for (let i = 0; i < count; i++) {
    const x = noise(k, i + 1);
    for (let j = 1; j < k; j++) x[j] = x[j] / 2 + x[j - 1] * 0.8;
    for (let j = 0; j < k; j++) x[j] = Math.max(0, x[j] + 0.2);
    statistics.add(x);
  }
  return statistics;
}

function problem(bits: number, rows = 6, k = 24): Problem {
  const values = noise(rows * k, 99);
  const grid = gridFor({ min: -1.4, max: 1.4 }, { bits, symmetric: true });
  return { values, rows, k, grid: () => grid, hessian: inputs(k, 300).hessian() };
}

const total = (p: Problem, q: Int32Array): number =>
  Array.from({ length: p.rows }, (_, row) => rowError(p, q, row)).reduce((sum, error) => sum + error, 0);

for (const [name, method, gain] of [
  ["AdaRound", adaRound, 0.6],
  ["GPTQ", gptq, 0.6],
] as const)
  test(`${name} lowers the error of the output, at 3, 4 and 8 bits`, () => {
    for (const bits of [3, 4, 8]) {
      const p = problem(bits);
      const [before, after] = [total(p, roundNearest(p)), total(p, method(p))];
      assert.ok(after < gain * before, `${bits} bits: ${after} < ${gain}·${before}`);
      assert.deepEqual(method(p), method(p), "and is the same every time");
    }
  });

test("no row comes out worse than rounded to the nearest, whatever its inputs were", () => {
  const p = problem(4, 5, 9);
  const few = new InputStatistics(9);
  few.add(noise(9, 3));
  for (const hessian of [p.hessian, few.hessian(), new Float64Array(81)])
    for (const method of [adaRound, gptq]) {
      const own = { ...p, hessian };
      const [plain, q] = [roundNearest(own), method(own)];
      for (let row = 0; row < 5; row++) assert.ok(rowError(own, q, row) <= rowError(own, plain, row));
    }
});

test("weights stay on the grid's integers", () => {
  const p = problem(2);
  for (const method of [adaRound, gptq, roundNearest]) assert.ok(method(p).every((q) => q >= -2 && q <= 1));
});

test("the error of the output is the mean square of what it changes by", () => {
  const [rows, k] = [1, 5];
  const statistics = new InputStatistics(k);
  const columns = Array.from({ length: 50 }, (_, i) => noise(k, i + 1));
  for (const x of columns) statistics.add(x);
  const values = noise(k, 77);
  const grid = gridFor({ min: -1, max: 1 }, { bits: 3, symmetric: true });
  const p: Problem = { values, rows, k, grid: () => grid, hessian: statistics.hessian() };
  const q = roundNearest(p);
  const mean =
    columns.reduce((sum, x) => {
      const change = x.reduce((dot, value, i) => dot + value * (q[i] * grid.scale - values[i]), 0);
      return sum + change ** 2;
    }, 0) / columns.length;
  assert.ok(Math.abs(rowError(p, q, 0) - mean) < 1e-6 * mean);
});

const shape: WeightShape = { dims: [8, 30], axis: 0, depthAxis: 1, gates: 4 };
const format = (bits: number, granularity: WeightFormat["granularity"]): WeightFormat => ({
  bits,
  symmetric: true,
  granularity,
});

test("the squared error of fitted scales is at most that of the whole range, in every group", () => {
  const values = noise(240, 5);
  values[3] = 2.5;
  for (const granularity of ["tensor", "channel", "gate", { block: 16 }] as const)
    for (const bits of [3, 4, 8]) {
      const own = format(bits, granularity);
      const groups = groupsOf(shape, granularity, "w");
      const [plain, fitted] = [fitRange, fitSquares].map((fit) =>
        groupErrors(values, fit(values, groups, own)),
      );
      fitted.forEach((error, group) => {
        assert.ok(error <= plain[group]);
      });
      if (bits === 3) assert.ok(fitted[0] < plain[0], "and less where one weight is far out");
    }
});

test("finer groups lose less", () => {
  const values = noise(240, 5).map((x, i) => x * (1 + Math.floor(i / 30)));
  const errors = (["tensor", "gate", "channel", { block: 10 }] as const).map((granularity) => {
    const groups = groupsOf(shape, granularity, "w");
    return groupErrors(values, fitRange(values, groups, format(4, granularity))).reduce((a, b) => a + b);
  });
  for (let i = 1; i < errors.length; i++) assert.ok(errors[i] < errors[i - 1], `${errors}`);
});

test("a channel of zeros stays zero, and a constant tensor comes back", () => {
  const values = new Float32Array(240).fill(0.5, 30);
  const groups = groupsOf(shape, "channel", "w");
  const grids = fitSquares(values, groups, format(8, "channel"));
  const back = weightsOf({ q: nearest(values, grids), grids, bits: 8 });
  assert.deepEqual(back.slice(0, 30), new Float32Array(30));
  assert.ok(back.slice(30).every((x) => Math.abs(x - 0.5) < 1e-6));
});

test("bias correction brings the mean output back", () => {
  const [rows, k] = [3, 10];
  const before = noise(rows * k, 4);
  const after = before.map((x) => Math.round(x * 3) / 3);
  const statistics = inputs(k, 200);
  const mean = statistics.mean();
  const outputs = (w: Float32Array, row: number) => mean.reduce((sum, x, i) => sum + x * w[row * k + i], 0);
  const correction = biasCorrection(before, after, mean);
  for (let row = 0; row < rows; row++) {
    assert.ok(Math.abs(outputs(after, row) + correction[row] - outputs(before, row)) < 1e-6);
    assert.ok(Math.abs(outputs(after, row) - outputs(before, row)) > 1e-4, "which it had left");
  }
});

test("equalized channels span as much in both layers, and channels of zeros are left alone", () => {
  const [first, second] = [
    [4, 1, 0, 2],
    [1, 9, 3, 0],
  ];
  const factors = equalizingFactors(first, second);
  assert.deepEqual([...factors], [2, Math.fround(1 / 3), 1, 1]);
  for (const channel of [0, 1])
    assert.ok(Math.abs(first[channel] / factors[channel] - second[channel] * factors[channel]) < 1e-6);
});

test("Cholesky's factor times its transpose is the matrix, and the inverse inverts", () => {
  const n = 12;
  const a = inputs(n, 100).hessian();
  const l = cholesky(a, n)!;
  const inverse = inverseOf(l, n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let [product, one] = [0, 0];
      for (let m = 0; m < n; m++) {
        product += l[i * n + m] * l[j * n + m];
        one += a[i * n + m] * inverse[m * n + j];
      }
      assert.ok(Math.abs(product - a[i * n + j]) < 1e-12);
      assert.ok(Math.abs(one - Number(i === j)) < 1e-8);
    }
  assert.equal(cholesky(Float64Array.of(1, 2, 2, 1), 2), undefined, "not positive definite");
});
