// Operators from bytes to bytes: the kernels against the reference for a grid of small shapes, with extreme values.

import { test } from "node:test";
import type { Attributes } from "../model/graph.ts";
import { fixedMultiplier } from "../tensor/fixed-point.ts";
import { Tensor } from "../tensor/tensor.ts";
import { cases, Grid, placesOf } from "./testing-grid.ts";

/** Zero points and limits, of unsigned and signed results. */
const ranges: readonly Attributes[] = [
  { xZero: 0, yZero: 0, dtype: "uint8" },
  { xZero: 255, yZero: 255, dtype: "uint8", low: 3, high: 250 },
  { xZero: 131, yZero: 17, dtype: "uint8", low: 17 },
  { xZero: 90, yZero: -128, dtype: "int8" },
  { xZero: 128, yZero: 5, dtype: "int8", low: 5, high: 100 },
];
const roundings = ["even", "double"] as const;

/** Inputs behind the weights: factors (and shifts) that bring sums of `terms` products to bytes, and a bias. */
function finishing(
  grid: Grid,
  rounding: "even" | "double",
  n: number,
  terms: number,
  seed: number,
): string[] {
  const count = seed % 3 === 0 ? 1 : n;
  const dims = count === 1 ? [] : [n];
  const factors = Array.from(
    { length: count },
    (_, i) => (0.1 + ((i * 7 + seed) % 5)) / (40 * Math.sqrt(terms)),
  );
  // A negative shift, a positive one, none: sums and outputs of every size.
  if (seed % 5 === 0) factors[0] = 1.7;
  const bias = seed % 4 ? [grid.constant(int32(grid, n, seed))] : [];
  if (rounding === "even") {
    const factor = grid.constant(new Tensor("float32", factors, dims));
    return [factor, ...(bias.length ? ["", ...bias] : [])];
  }
  const fixed = factors.map(fixedMultiplier);
  const list = (dtype: "int32" | "int8", of: (each: (typeof fixed)[number]) => number) =>
    grid.constant(new Tensor(dtype, fixed.map(of), dims));
  return [list("int32", ({ multiplier }) => multiplier), list("int8", ({ shift }) => shift), ...bias];
}

function int32(grid: Grid, n: number, seed: number): Tensor {
  const values = grid.floats([n]).numbers();
  return new Tensor(
    "int32",
    values.map((value) => Math.round(value * (seed % 7 ? 1000 : 2 ** 31))),
  );
}

test("convolutions of bytes have the reference's bits for all windows, groups, roundings and ranges", async () => {
  const grid = new Grid();
  let seed = 0;
  for (const { window, space } of cases)
    for (const [channels, out, group] of [
      [1, 5, 1],
      [3, 8, 1],
      [8, 33, 1],
      [4, 16, 2],
    ])
      for (const rounding of roundings) {
        const attributes = { ...window, group, rounding, ...ranges[++seed % ranges.length] };
        const k = (placesOf(window) * channels) / group;
        const x = grid.input(grid.bytes("uint8", [2, ...space, channels]));
        const w = grid.constant(grid.bytes("int8", [k, out]));
        grid.add("ConvQuantized", [x, w, ...finishing(grid, rounding, out, k, seed)], attributes);
      }
  await grid.check();
});

test("depthwise convolutions of bytes have the reference's bits", async () => {
  const grid = new Grid();
  let seed = 0;
  for (const { window, space } of cases)
    for (const channels of [1, 4, 8, 15, 16, 39])
      for (const rounding of roundings) {
        const attributes = { ...window, rounding, ...ranges[++seed % ranges.length] };
        const x = grid.input(grid.bytes("uint8", [2, ...space, channels]));
        const w = grid.constant(grid.bytes("int8", [placesOf(window), channels]));
        const rest = finishing(grid, rounding, channels, placesOf(window), seed);
        grid.add("DepthwiseConvQuantized", [x, w, ...rest], attributes);
      }
  await grid.check();
});

test("products of bytes have the reference's bits, with zero points of the weights too", async () => {
  const grid = new Grid();
  let seed = 0;
  for (const rows of [1, 2, 5, 6, 7, 13])
    for (const n of [1, 3, 8, 15, 24, 37])
      for (const k of [1, 4, 19, 64])
        for (const rounding of roundings) {
          const x = grid.input(grid.bytes("uint8", [1, rows, k]));
          const w = grid.constant(grid.bytes("int8", [k, n]));
          const rest = finishing(grid, rounding, n, k, ++seed);
          const zeros = seed % 2 ? [grid.constant(grid.bytes("int8", seed % 4 === 1 ? [] : [n]))] : [];
          const inputs = [x, w, ...rest];
          while (zeros.length > 0 && inputs.length < 5) inputs.push("");
          grid.add("MatMulQuantized", [...inputs, ...zeros], { rounding, ...ranges[seed % ranges.length] });
        }
  await grid.check();
});

test("sums of bytes have the reference's bits", async () => {
  const grid = new Grid();
  for (const count of [1, 15, 16, 17, 100])
    for (const range of ranges)
      for (const aFactor of [0.5, 0.37, 12.3]) {
        const [a, b] = ["int8", "uint8"].map((dtype) => {
          const bytes = grid.bytes(dtype as "int8", [1, count]).numbers();
          return grid.constant(
            new Tensor(
              "uint8",
              bytes.map((x) => (x + 256) % 256),
              [1, count],
            ),
          );
        });
        const { xZero: aZero, ...rest } = range;
        grid.add("AddQuantized", [a, b], {
          aZero,
          bZero: 200,
          aFactor,
          bFactor: 0.81,
          ...rest,
        } as Attributes);
      }
  await grid.check();
});
