import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Node } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import { Tensor } from "../tensor/tensor.ts";
import { optimise } from "./optimise.ts";
import { graph, node, noise, scalar } from "./testing-text.ts";

const zero = new Tensor("int16", [0], []);
const weights = (dims: readonly number[], dtype: "int8" | "int4" | "int16", seed: number) =>
  new Tensor(
    dtype,
    Array.from(noise(dims, seed).numbers(), (x) =>
      Math.round((x / 2) * { int4: 7, int8: 120, int16: 30000 }[dtype]),
    ),
    dims,
  );

/** Scales, weights and biases that the graphs below read. */
const constants = (dtype: "int8" | "int4" | "int16") => ({
  ...{ zero, sx: scalar(0.0001), sy: scalar(0.0002) },
  ...{ w: weights([6, 5], dtype, 3), k: weights([5, 2, 3], dtype, 4), b: noise([5], 5) },
  s: new Tensor("float32", [0.01, 0.02, 0.005, 0.01, 0.015], [5]),
});

const read = "QuantizeLinear: x sx zero → q\nDequantizeLinear: q sx zero → d".split("\n");
const product = [...read, node("DequantizeLinear: w s → v", { axis: 1 }), "MatMul: d v → p", "Add: p b → a"];
const convolution = [
  ...read,
  node("DequantizeLinear: k s → v", { axis: 0 }),
  node("Conv: d v b → a", { pads: [1, 1] }),
];
const limited = ["Relu: a → r", "QuantizeLinear: r sy zero → u", "DequantizeLinear: u sy zero → y"];

function check(
  nodes: readonly (string | Node)[],
  { dtype = "int8", dims = [4, 6] }: { dtype?: "int8" | "int4" | "int16"; dims?: number[] },
  operators: RegExp,
  output = "y",
): void {
  const made = graph({ inputs: { x: dims }, constants: constants(dtype), nodes, outputs: [output] });
  const lowered = optimise(made, { opset: 21, keepIntegers: true });
  const ops = lowered.nodes.map(({ op }) => op).join(" ");
  assert.match(ops, operators);
  const feeds = { x: noise(dims, 9) };
  const [a, b] = [made, lowered].map((each) => runGraph(each, feeds, 21)[output].numbers());
  const most = Math.max(...a.map(Math.abs));
  a.forEach((value, i) => {
    assert.ok(Math.abs(value - b[i]) <= 1e-4 * most, `${ops}: ${value} and ${b[i]}`);
  });
}

describe("what lies between two grids of 16 bits becomes one operator", () => {
  test("products, with weights of 8 and of 4 bits", () => {
    for (const dtype of ["int8", "int4"] as const)
      check([...product, ...limited], { dtype }, /^QuantizeLinear MatMulInteger16 DequantizeLinear$/);
  });
  test("convolutions", () => {
    check(
      [...convolution, ...limited],
      { dims: [1, 2, 9] },
      /QuantizeLinear Transpose ConvInteger16 DequantizeLinear/,
    );
  });
  test("not with weights of 16 bits, whose sums would be too long: floats are between", () => {
    check([...product, ...limited], { dtype: "int16" }, /MatMulInteger16ToFloat Relu QuantizeLinear/);
  });
});

test("where floats follow, sums become floats, biases included", () => {
  for (const dtype of ["int8", "int4", "int16"] as const)
    check(product, { dtype }, /^QuantizeLinear MatMulInteger16ToFloat$/, "a");
  check(convolution, { dims: [1, 2, 9] }, /QuantizeLinear Transpose ConvInteger16ToFloat/, "a");
});

test("a value that is put on its own grid again stays as it is, also where it is moved in between", () => {
  const nodes = [
    ...[...read, "Transpose: d → t", "QuantizeLinear: t sx zero → q2"],
    "DequantizeLinear: q2 sx zero → y",
  ];
  check(nodes, {}, /^QuantizeLinear (Transpose DequantizeLinear|DequantizeLinear Transpose)$/);
});
