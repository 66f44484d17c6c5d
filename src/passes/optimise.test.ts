import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Node } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { optimise } from "./optimise.ts";
import {
  feedsFor,
  float,
  graph,
  int64,
  node,
  noise,
  OPSET,
  ops,
  sameResults,
  scalar,
} from "./testing-text.ts";

const bytes = (dtype: "int8" | "uint8", dims: readonly number[], seed: number) => {
  const middle = dtype === "uint8" ? 128 : 0;
  return new Tensor(
    dtype,
    Array.from(noise(dims, seed).data, (x) => Math.round(x * 60) + middle),
    dims,
  );
};

test("all passes together keep a small network's meaning, and leave no float weights where there were bytes", () => {
  const network = graph({
    inputs: { x: ["time", 64] },
    constants: {
      ...{
        w: bytes("int8", [64, 80], 9),
        s: scalar(0.02),
        z: new Tensor("int8", [1], []),
        root: scalar(Math.SQRT2),
      },
      ...{
        one: scalar(1),
        half: scalar(0.5),
        b: noise([80], 3),
        v: bytes("uint8", [80, 40], 4),
        vz: new Tensor("uint8", [128], []),
      },
    },
    nodes: [
      ...["DequantizeLinear: w s z → d", "MatMul: x d → m", "Add: m b → a", "Identity: a → i"],
      ...["Div: i root → r", "Erf: r → e", "Add: e one → p", "Mul: i p → g", "Mul: g half → h"],
      ...["DequantizeLinear: v s vz → u", "MatMul: h u → y"],
    ],
    outputs: ["y"],
  });
  const after = optimise(network, { opset: OPSET });
  const product = ["DynamicQuantizeLinear", "MatMulIntegerToFloat"];
  assert.deepEqual(ops(after), [...product, "Gelu", ...product]);
  const [expected, found] = [network, after].map((each) =>
    runGraph(each, feedsFor(network), OPSET).y.numbers(),
  );
  const power = (values: readonly number[]) => values.reduce((sum, value) => sum + value * value, 0);
  const ratio = power(expected) / power(expected.map((value, i) => value - found[i]));
  assert.ok(10 * Math.log10(ratio) > 35, `${10 * Math.log10(ratio)} dB`);
});

test("what no output needs is gone, and what is known is computed", () => {
  const before = graph({
    inputs: { x: ["time", 8] },
    constants: { a: float(1, 2), b: float(3, 4), last: int64(-1), eight: int64(8) },
    nodes: [
      ...["Mul: x x → unused", "Add: a b → sum", "Shape: x → shape", "Identity: x → same"],
      ...[
        "Concat: last eight → to",
        "Reshape: same to → flat",
        "ReduceSum: sum → total",
        "Mul: flat total → y",
      ],
    ].map((text) => (text.startsWith("Concat") ? node(text, { axis: 0 }) : text)),
  });
  const after = optimise(before, { opset: OPSET });
  assert.deepEqual(ops(after), ["Mul"]);
  assert.deepEqual(after.nodes[0].inputs[0], "x");
  sameResults(before, after);
});

test("nodes have names of their own afterwards, as a packed file needs them", () => {
  const before = graph({
    inputs: { x: [2, 3] },
    nodes: [{ ...node("Softmax: x → t", { axis: -1 }), name: "y" }, "Sigmoid: t → s", "Mul: t s → y"],
  });
  const after = optimise(before, { opset: OPSET });
  assert.deepEqual(ops(after), ["Softmax", "Swish"]);
  assert.equal(new Set(after.nodes.map(({ name }) => name)).size, 2);
  sameResults(before, after, 1e-6);
});

/** What a random graph does next, to values chosen by number. */
const action = fc.record({
  op: fc.constantFrom("Transpose", "Reshape", "Identity", "Tanh", "Mul", "Add", "Concat", "Softmax", "Flat"),
  value: fc.nat(9),
  other: fc.nat(9),
  order: fc.shuffledSubarray([0, 1, 2], { minLength: 3, maxLength: 3 }),
  axis: fc.integer({ min: -3, max: 2 }),
});

type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

/** A graph of values of three axes, made of movements and simple arithmetic. */
function randomGraph(actions: readonly Action[]) {
  const values: { name: string; dims: readonly number[] }[] = [{ name: "x", dims: [2, 3, 4] }];
  const nodes: Node[] = [];
  const constants: Record<string, Tensor> = { half: scalar(0.5) };
  const add = (text: string, dims: readonly number[], attributes = {}) => {
    const name = `v${values.length}`;
    nodes.push(node(`${text} → ${name}`, attributes));
    values.push({ name, dims });
  };
  for (const { op, value, other, order, axis } of actions) {
    const { name, dims } = values[value % values.length];
    const second = values[other % values.length];
    const turned = order.map((i) => dims[i]);
    const sizes = `s${nodes.length}`;
    if (op === "Transpose") add(`Transpose: ${name}`, turned, { perm: order });
    else if (op === "Reshape" || op === "Flat") {
      const to = op === "Flat" ? [1, dims[0] * dims[1], dims[2]] : turned;
      constants[sizes] = int64(...to.map((size, i) => (i === order[0] ? -1 : size)));
      add(`Reshape: ${name} ${sizes}`, to);
    } else if (op === "Add") {
      if (String(second.dims) === String(dims)) add(`Add: ${name} ${second.name}`, dims);
    } else if (op === "Concat") {
      const joined = dims.map((size, i) => (i === order[0] ? size * 2 : size));
      if (sizeOf(joined) < 200) add(`Concat: ${name} ${name}`, joined, { axis: order[0] - 3 });
    } else if (op === "Mul") add(`Mul: ${name} half`, dims);
    else add(`${op}: ${name}`, dims, op === "Softmax" ? { axis } : {});
  }
  const outputs = [...new Set([values.at(-1)!.name, values[values.length >> 1].name])].filter(
    (v) => v !== "x",
  );
  return graph({ inputs: { x: [2, 3, 4] }, constants, nodes, outputs });
}

test("whatever is moved and in whichever order, every bit of the results stays", () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 14 }), (actions) => {
      const before = randomGraph(actions);
      const after = optimise(before, { opset: OPSET });
      assert.ok(after.nodes.length <= before.nodes.length + 6);
      sameResults(before, after);
    }),
    { numRuns: 150 },
  );
});
