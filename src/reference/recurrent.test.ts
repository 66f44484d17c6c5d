import assert from "node:assert/strict";
import { test } from "node:test";
import { createRandom } from "../kernels/testing.ts";
import type { Node } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { runNode } from "./run.ts";

const [time, input, hidden, width] = [4, 3, 5, 2];
const random = createRandom(5);
const values = (...dims: number[]) =>
  new Tensor(
    "float32",
    Float32Array.from({ length: sizeOf(dims) }, () => 2 * random() - 1),
    dims,
  );

const names = ["x", "w", "r", "b", "", "", "", "p", "projection"];
const lstm: Node = { name: "cell", op: "LSTM", inputs: names, outputs: ["y", "h", "c"], attributes: {} };
const tensors: Readonly<Record<string, Tensor>> = {
  x: values(time, 1, input),
  w: values(1, 4 * hidden, input),
  r: values(1, 4 * hidden, width),
  b: values(1, 8 * hidden),
  p: values(1, 3 * hidden),
  projection: values(1, hidden, width),
};
const run = (changed: Readonly<Record<string, Tensor>> = {}) =>
  runNode(
    lstm,
    names.map((name) => changed[name] ?? tensors[name]),
    17,
  );

/** The formulas of Sak et al. 2014 with peepholes, in double precision. */
function formulas(): { h: number[][]; c: number[] } {
  const [x, w, r, b, p, projection] = ["x", "w", "r", "b", "p", "projection"].map((name) =>
    tensors[name].numbers(),
  );
  const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
  const dot = (row: number[], matrix: number[], at: number) =>
    row.reduce((sum, v, k) => sum + v * matrix[at * row.length + k], 0);
  let [h, c] = [new Array<number>(width).fill(0), new Array<number>(hidden).fill(0)];
  const all: number[][] = [];
  for (let t = 0; t < time; t++) {
    const row = x.slice(t * input, (t + 1) * input);
    const gate = (g: number, i: number) => {
      const at = g * hidden + i;
      return dot(row, w, at) + dot(h, r, at) + b[at] + b[4 * hidden + at];
    };
    const next = c.map(
      (old, i) =>
        sigmoid(gate(2, i) + p[2 * hidden + i] * old) * old +
        sigmoid(gate(0, i) + p[i] * old) * Math.tanh(gate(3, i)),
    );
    const m = next.map((now, i) => sigmoid(gate(1, i) + p[hidden + i] * now) * Math.tanh(now));
    h = h.map((_, j) => m.reduce((sum, v, i) => sum + v * projection[i * width + j], 0));
    c = next;
    all.push(h);
  }
  return { h: all, c };
}

const close = (found: Tensor, expected: number[]) =>
  expected.forEach((value, i) => void assert.ok(Math.abs(found.numbers()[i] - value) < 1e-5, `value ${i}`));

test("an LSTM with projection keeps a cell of one width and gives a state of another", () => {
  const [y, h, c] = run();
  const expected = formulas();
  assert.deepEqual(
    [y.dims, h.dims, c.dims],
    [
      [time, 1, 1, width],
      [1, 1, width],
      [1, 1, hidden],
    ],
  );
  close(y, expected.h.flat());
  close(h, expected.h.at(-1)!);
  close(c, expected.c);
});

test("the sizes of its results are known before it runs", () => {
  const outputs = lstm.outputs.map((name) => ({ name, dtype: "float32" as const, dims: undefined }));
  const constants = new Map(Object.entries(tensors));
  const facts = inferShapes({ name: "g", inputs: [], outputs, nodes: [lstm], constants }, { opset: 17 });
  assert.deepEqual(
    lstm.outputs.map((name) => facts.get(name)?.dims),
    run().map(({ dims }) => dims),
  );
});

test("a projection of other sizes than the weights is refused", () => {
  const misfit = { name: "OctavoxError", code: "shape", message: /"cell".*expected W/ };
  assert.throws(() => run({ projection: values(1, hidden, width + 1) }), misfit);
  assert.throws(() => run({ r: values(1, 4 * hidden, width + 1) }), misfit);
});
