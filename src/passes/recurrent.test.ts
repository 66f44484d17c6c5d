import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes, Graph } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { optimise } from "./optimise.ts";
import { graph, node, noise, OPSET, sameResults } from "./testing-text.ts";

const [time, batch, input, hidden, width] = [5, 2, 3, 6, 4];

/** A layer with everything it may have; `without` leaves inputs out. */
function layer(op: "LSTM" | "GRU", attributes: Attributes, without = "", directions = 1): Graph {
  const rows = (op === "LSTM" ? 4 : 3) * hidden;
  const own = op === "LSTM" && !without.includes("projection") ? width : hidden;
  const small = (dims: readonly number[], seed: number) =>
    new Tensor(
      "float32",
      noise(dims, seed).data.map((value) => value / 3),
      dims,
    );
  const constants = {
    w: small([directions, rows, input], 2),
    r: small([directions, rows, own], 3),
    b: small([directions, 2 * rows], 4),
    p: small([directions, 3 * hidden], 5),
    projection: small([directions, hidden, width], 6),
  };
  const inputs = {
    x: [time, batch, input],
    h: [directions, batch, own],
    c: [directions, batch, hidden],
  };
  const names = ["x", "w", "r", "b", "_", "h", ...(op === "LSTM" ? ["c", "p", "projection"] : [])];
  const listed = names.map((name) => (without.split(" ").includes(name) ? "_" : name)).join(" ");
  const outputs = op === "LSTM" ? "y last memory" : "y last";
  return graph({ inputs, constants, nodes: [node(`${op}: ${listed} → ${outputs}`, attributes)] });
}

const operators = ({ nodes }: Graph) => [...new Set(nodes.map(({ op }) => op))].sort();

const cases: readonly [string, Graph][] = [
  ["an LSTM with all it can have", layer("LSTM", {})],
  ["an LSTM with the least", layer("LSTM", {}, "b h c p projection")],
  ["an LSTM backwards", layer("LSTM", { direction: "reverse" }, "p projection")],
  ["an LSTM both ways", layer("LSTM", { direction: "bidirectional" }, "", 2)],
  ["a GRU", layer("GRU", {})],
  ["a GRU with the least", layer("GRU", {}, "b h")],
  ["a GRU that resets behind the product", layer("GRU", { linear_before_reset: 1 })],
  ["a GRU both ways", layer("GRU", { direction: "bidirectional", linear_before_reset: 1 }, "", 2)],
];

for (const [name, before] of cases)
  test(`${name} becomes a product and a walk, and computes the same`, () => {
    const after = optimise(before, { opset: OPSET });
    assert.ok(!operators(after).some((op) => op === "LSTM" || op === "GRU"));
    assert.ok(operators(after).some((op) => /^(Lstm|Gru)Steps$/.test(op)));
    sameResults(before, after, 2e-6);
  });

for (const [name, float] of cases)
  for (const each of ["gate", "tensor"])
    test(`${name} with 8-bit weights, a scale a ${each}, becomes integers and stays near`, () => {
      const before = quantized(float, each === "gate");
      const after = optimise(before, { opset: OPSET });
      assert.ok(operators(after).includes("MatMulIntegerToFloat"));
      assert.ok(operators(after).some((op) => /^(Lstm|Gru)StepsInteger$/.test(op)));
      sameResults(before, after, 0.05);
    });

test("what the walks do not cover stays as it is", () => {
  for (const attributes of [
    { clip: 1 },
    { input_forget: 1 },
    { activations: ["Sigmoid", "Relu", "Tanh"] },
    { layout: 1 },
  ])
    assert.ok(operators(optimise(layer("LSTM", attributes, "h c"), { opset: OPSET })).includes("LSTM"));
});

/** Weights in 8 bits, with the nodes that bring them back. */
function quantized(float: Graph, perGate: boolean): Graph {
  const constants = new Map(float.constants);
  const before = ["w", "r", "projection"].flatMap((name) => {
    const tensor = constants.get(name)!;
    const axis = name === "projection" ? 2 : 1;
    const count = perGate ? tensor.dims[axis] : 1;
    const scale = Float32Array.from({ length: count }, (_, i) => Math.fround((1 + i / count) / 150));
    const inner = axis === 1 ? tensor.dims[2] : 1;
    const at = (i: number) => (perGate ? Math.floor(i / inner) % count : 0);
    const steps = Int8Array.from(tensor.numbers(), (value, i) => Math.round(value / scale[at(i)]));
    constants.set(`${name}8`, new Tensor("int8", steps, tensor.dims));
    constants.set(`${name}/scale`, new Tensor("float32", scale, perGate ? [count] : []));
    constants.delete(name);
    return [node(`DequantizeLinear: ${name}8 ${name}/scale → ${name}`, perGate ? { axis } : {})];
  });
  return { ...float, constants, nodes: [...before, ...float.nodes] };
}
