// Recurrent operators: the kernels against the reference for all small sizes.

import { test } from "node:test";
import { Tensor } from "../tensor/tensor.ts";
import { Grid } from "./testing-grid.ts";

/** [hidden, time, batch]: every size up to 40, and some that real models have. */
const sizes = [
  ...Array.from({ length: 40 }, (_, i) => [i + 1, 1 + (i % 5), 1 + (i % 2)] as const),
  ...([[64, 5, 1] as const, [128, 2, 1] as const, [129, 1, 3] as const] as const),
];

type Kind = "" | "Integer" | "Integer16";

/** A matrix as the node takes it, in floats or with 8 bits, and its scale and zero point. */
function matrixOf(grid: Grid, k: number, n: number, kind: Kind): [matrix: string, affine: string[]] {
  if (kind === "") return [grid.constant(grid.floats([k, n])), []];
  const dims = k % 2 ? [n] : [];
  const scale = new Tensor(
    "float32",
    Float32Array.from({ length: n }, (_, i) => 0.004 + i / 9999),
    [n],
  );
  const centred = kind === "Integer16" || k % 3 === 0;
  const zeros = Array.from({ length: k % 2 ? n : 1 }, (_, i) => (centred ? 0 : (i % 7) - 3));
  return [
    grid.constant(grid.bytes("int8", [k, n])),
    [grid.constant(scale), grid.constant(new Tensor("int8", zeros, dims))],
  ];
}

for (const kind of ["", "Integer", "Integer16"] as const) {
  test(`LstmSteps${kind} has the reference's bits: states, peepholes, projections, both ways of time`, async () => {
    const grid = new Grid();
    for (const [hidden, time, batch] of sizes) {
      const projected = hidden % 4 === 1 ? Math.ceil(hidden / 2) : undefined;
      const width = projected ?? hidden;
      const [r, scales] = matrixOf(grid, width, 4 * hidden, kind);
      const [p, more] = projected ? matrixOf(grid, hidden, width, kind) : ["", kind ? ["", ""] : []];
      const state = (size: number) => grid.input(grid.floats([1, batch, size]));
      const peephole = hidden % 3 ? "" : grid.constant(grid.floats([3 * hidden]));
      const states = hidden % 5 ? [state(width), state(hidden)] : ["", ""];
      const x = grid.input(grid.floats([time, batch, 4 * hidden]));
      const inputs = [x, r, p, ...states, peephole, ...scales, ...more];
      const cell = kind === "Integer16" && hidden % 2 ? { cell_bits: 16 } : {};
      grid.add(`LstmSteps${kind}`, inputs, { backwards: hidden % 2, ...cell }, 3);
    }
    await grid.check();
  });

  test(`GruSteps${kind} has the reference's bits: states, both reset gates, both ways of time`, async () => {
    const grid = new Grid();
    for (const [hidden, time, batch] of sizes) {
      const [r, scales] = matrixOf(grid, hidden, 2 * hidden, kind);
      const [n, more] = matrixOf(grid, hidden, hidden, kind);
      const after = hidden % 3 === 0 ? 0 : 1;
      const bias = after && hidden % 2 ? grid.constant(grid.floats([hidden])) : "";
      const h = hidden % 5 ? grid.input(grid.floats([1, batch, hidden])) : "";
      const x = grid.input(grid.floats([time, batch, 3 * hidden]));
      const attributes = { backwards: hidden % 2, linear_before_reset: after };
      grid.add(`GruSteps${kind}`, [x, r, n, h, bias, ...scales, ...more], attributes, 2);
    }
    await grid.check();
  });
}

test("steps have the reference's bits for 1 to 4 threads", async () => {
  const grid = new Grid();
  for (const kind of ["", "Integer", "Integer16"] as const) {
    const [hidden, time] = [301, 2];
    const lstm = matrixOf(grid, hidden, 4 * hidden, kind);
    const [gates, candidate] = [2, 1].map((parts) => matrixOf(grid, hidden, parts * hidden, kind));
    const x = (parts: number) => grid.input(grid.floats([time, 1, parts * hidden]));
    grid.add(`LstmSteps${kind}`, [x(4), lstm[0], "", "", "", "", ...lstm[1]], {}, 3);
    const matrices = [gates[0], candidate[0]];
    grid.add(`GruSteps${kind}`, [x(3), ...matrices, "", "", ...gates[1], ...candidate[1]], {}, 2);
  }
  await grid.check(true, 4);
});

test("LstmCell has the reference's bits for all orders of gates and several rows", async () => {
  const grid = new Grid();
  for (const [hidden, , rows] of sizes)
    for (const order of ["iofc", "ifco", "fico"]) {
      const gates = grid.input(grid.floats([rows, 4 * hidden]));
      grid.add("LstmCell", [gates, grid.input(grid.floats([rows, hidden]))], { order }, 2);
    }
  await grid.check();
});

test("Linear has the reference's bits with and without a bias", async () => {
  const grid = new Grid();
  for (const [n, rows] of sizes)
    for (const k of [1, 7, 32]) {
      const [x, w] = [grid.input(grid.floats([rows, 1, k])), grid.constant(grid.floats([k, n]))];
      grid.add("Linear", [x, w, ...(n % 2 ? [grid.input(grid.floats([1, 1, n]))] : [])], {});
    }
  await grid.check();
});
