import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { optimise } from "./optimise.ts";
import { expandQLinear } from "./qlinear.ts";
import { graph, noise, OPSET, ops, scalar, stays } from "./testing-text.ts";
import { unsignedActivations } from "./unsigned-activations.ts";

const bytes = (dtype: "int8" | "uint8", dims: readonly number[]): Tensor =>
  new Tensor(
    dtype,
    noise(dims, 3)
      .numbers()
      .map((x) => Math.round(63 * (x + 2)) + dtypes[dtype].min),
    dims,
  );

/** Floats quantized, convolved, multiplied and read as floats, all in ONNX's quantized operators. */
function chain(type: "int8" | "uint8"): Graph {
  const zero = (value: number, dtype: DType = type) => new Tensor(dtype, [value], []);
  const up = type === "uint8" ? 128 : 0;
  return graph({
    inputs: { x: [1, 4, 5, 6] },
    constants: {
      ...{ xs: scalar(0.02), xz: zero(up - 9), w: bytes("int8", [6, 4, 3, 3]), wz: zero(0, "int8") },
      ws: new Tensor("float32", [0.01, 0.02, 0.011, 0.012, 0.013, 0.014]),
      ...{ ys: scalar(0.1), yz: zero(up + 11), bias: new Tensor("int32", [100, -5000, 7, 0, 20000, 1]) },
      ...{ m: bytes("int8", [4, 5]), ms: scalar(0.01), zs: scalar(0.15), zz: zero(up - 20) },
    },
    nodes: [
      "QuantizeLinear: x xs xz → q",
      "QLinearConv: q xs xz w ws wz ys yz bias → c",
      "QLinearMatMul: c ys yz m ms wz zs zz → p",
      "DequantizeLinear: p zs zz → y",
    ],
  });
}

/** At most one step of 0.15 apart, and seldom that. */
function nearly(before: Graph, after: Graph): void {
  const feeds = { x: noise([1, 4, 5, 6], 2) };
  const [want, got] = [before, after].map((each) => runGraph(each, feeds, OPSET).y.numbers());
  const steps = want.map((value, i) => Math.abs(Math.round((value - got[i]) / 0.15)));
  assert.ok(Math.max(...steps) <= 1 && steps.filter(Boolean).length < 0.05 * steps.length);
  assert.ok(new Set(want).size > 10);
}

for (const type of ["uint8", "int8"] as const)
  test(`ONNX's quantized operators on ${type} become those from bytes to bytes`, () => {
    const before = chain(type);
    const after = optimise(before, { opset: OPSET });
    const work = ops(after).filter((op) => op !== "Transpose");
    assert.deepEqual(work, ["QuantizeLinear", "ConvQuantized", "MatMulQuantized", "DequantizeLinear"]);
    nearly(before, after);
  });

test("those whose weights or scales are computed stay", () => {
  const before = chain("uint8");
  const computed = { ...before, constants: new Map(before.constants) };
  computed.constants.delete("w");
  stays(expandQLinear, {
    ...computed,
    inputs: [...before.inputs, { name: "w", dtype: "int8", dims: [6, 4, 3, 3] }],
    nodes: before.nodes.slice(0, 2),
    outputs: [{ name: "c", dtype: "uint8", dims: undefined }],
  });
});

test("signed activations are moved only where nothing but DequantizeLinear reads them", () => {
  const signed = (nodes: readonly string[], outputs: readonly string[]) =>
    graph({
      inputs: { x: [2, 3] },
      constants: { s: scalar(0.02), z: new Tensor("int8", [-7], []) },
      nodes: ["QuantizeLinear: x s z → q", "DequantizeLinear: q s z → d", ...nodes],
      outputs,
    });
  const zeroOf = (each: Graph) => each.constants.get(each.nodes[0].inputs[2])!;
  const moved = unsignedActivations(signed([], ["d"]));
  assert.deepEqual([zeroOf(moved).dtype, zeroOf(moved).numbers()], ["uint8", [121]]);
  const feeds = { x: noise([2, 3]) };
  assert.deepEqual(runGraph(moved, feeds, OPSET).d.data, runGraph(signed([], ["d"]), feeds, OPSET).d.data);
  for (const kept of [signed([], ["d", "q"]), signed(["Neg: q → n"], ["d", "n"])])
    assert.equal(zeroOf(unsignedActivations(kept)).dtype, "int8");
});
