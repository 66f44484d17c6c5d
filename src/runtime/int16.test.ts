// Operators with 16-bit activations: the kernels against the reference for a grid of small shapes, with extreme values.

import { test } from "node:test";
import type { Attributes } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { cases, Grid, placesOf } from "./testing-grid.ts";

const limits: readonly Attributes[] = [{}, { low: 0 }, { low: -100, high: 20000 }];

/** Weights of every type there is, turn by turn. */
function weights(grid: Grid, dims: readonly number[], seed: number): Tensor {
  if (seed % 3 === 0) return grid.shorts(dims);
  const bytes = grid.bytes("int8", dims);
  if (seed % 3 === 1) return bytes;
  return new Tensor("int4", bytes.data.map((x) => x >> 4) as Int8Array, dims);
}

/** The same node with both results: floats, and integers of sums of `k` products. */
function addBoth(
  grid: Grid,
  kind: "MatMul" | "Conv",
  operands: readonly string[],
  [k, n]: readonly [k: number, n: number],
  seed: number,
  attributes: Attributes = {},
): void {
  const dims = seed % 2 ? [n] : [];
  const count = seed % 2 ? n : 1;
  const list = (dtype: "float32" | "int32" | "int64", of: (i: number) => number, own = count): string =>
    grid.constant(
      new Tensor(
        dtype,
        Array.from({ length: own }, (_, i) => of(i)),
        own === 1 ? dims : [own],
      ),
    );
  const scale = grid.constant(new Tensor("float32", [0.001], []));
  const floats = [scale, list("float32", (i) => 0.01 + i / 100)];
  if (seed % 4 < 2) floats.push(list("float32", (i) => i - 3, n));
  grid.add(`${kind}Integer16ToFloat`, [...operands, ...floats], attributes);
  const integers = [
    list("int32", (i) => 2 ** 30 + 1e6 * ((i * 7 + seed) % 90)),
    list("int32", (i) => -6 - Math.round(Math.log2(k) / 2) - ((i + seed) % 4)),
  ];
  if (seed % 4 > 1) integers.push(list("int64", (i) => 1e5 * (i - 2), n));
  grid.add(`${kind}Integer16`, [...operands, ...integers], { ...attributes, ...limits[seed % 3] });
}

test("products of int16 have the reference's bits, with weights of 4, 8 and 16 bits", async () => {
  const grid = new Grid();
  let seed = 0;
  for (const rows of [1, 2, 7])
    for (const n of [1, 8, 13, 40])
      for (const k of [1, 6, 33]) {
        // Sums of 16-bit weights times a multiplier may need more bits than kernels have; these do not.
        const x = grid.input(grid.shorts([2, rows, k]));
        addBoth(grid, "MatMul", [x, grid.constant(weights(grid, [k, n], ++seed))], [k, n], seed);
      }
  await grid.check();
});

test("convolutions of int16 have the reference's bits for all windows", async () => {
  const grid = new Grid();
  let seed = 0;
  for (const { window, space } of cases)
    for (const [channels, n] of [
      [1, 5],
      [3, 8],
      [8, 19],
    ]) {
      const k = placesOf(window) * channels;
      const x = grid.input(grid.shorts([2, ...space, channels]));
      addBoth(grid, "Conv", [x, grid.constant(weights(grid, [k, n], ++seed))], [k, n], seed, window);
    }
  await grid.check();
});

test("int16 around 0 is read, written and moved by kernels", async () => {
  const grid = new Grid();
  const [scale, zero] = [new Tensor("float32", [0.003], []), new Tensor("int16", [0], [])].map((tensor) =>
    grid.constant(tensor),
  );
  for (const dims of [[1], [3, 5], [2, 3, 11]]) {
    grid.add("QuantizeLinear", [grid.input(grid.floats(dims)), scale, zero], {});
    grid.add("DequantizeLinear", [grid.input(grid.shorts(dims)), scale], {});
  }
  grid.add("Transpose", [grid.input(grid.shorts([2, 3, 11]))], { perm: [2, 0, 1] });
  const bounds = [1, 3, 1].map((each) => grid.constant(new Tensor("int64", [each], [1])));
  grid.add("Slice", [grid.input(grid.shorts([3, 5])), ...bounds], {});
  await grid.check();
});
