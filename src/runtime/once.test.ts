import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import { Tensor } from "../tensor/tensor.ts";
import { computeConstants } from "./once.ts";
import { InferenceSession } from "./session.ts";

/** x · (transposed, widened weights) */
function product(): Model {
  const constants = new Map<string, Tensor>([
    ["q", new Tensor("int4", [1, -2, 3, -4, 5, -6], [3, 2])],
    ["scale", new Tensor("float32", [0.5, 0.25, 2], [3])],
  ]);
  const node = (op: string, inputs: string[], attributes = {}) => ({
    ...{ name: op, op, inputs, outputs: [op], attributes },
  });
  const nodes = [
    node("DequantizeLinear", ["q", "scale"], { axis: 0 }),
    node("Transpose", ["DequantizeLinear"], { perm: [1, 0] }),
    node("MatMul", ["x", "Transpose"]),
  ];
  const info = (name: string) => ({ name, dtype: "float32" as const, dims: undefined });
  const inputs = [{ ...info("x"), dims: ["rows", 2] }];
  return {
    graphs: [{ name: "main", inputs, outputs: [info("MatMul")], nodes, constants }],
    opset: 21,
    metadata: {},
  };
}

test("weights are widened, and what follows from them computed, once", async () => {
  const model = product();
  const computed = await computeConstants(model);
  assert.deepEqual(
    computed.graphs[0].nodes.map(({ op }) => op),
    ["MatMul"],
  );
  const feeds = { x: new Tensor("float32", [1, 2, 3, 4], [2, 2]) };
  using session = await InferenceSession.create(model);
  assert.deepEqual((await session.run(feeds)).MatMul.data, runGraph(model.graphs[0], feeds, 21).MatMul.data);
});

test("a model without such weights is left as it is", async () => {
  const [graph] = product().graphs;
  const model = { ...product(), graphs: [{ ...graph, nodes: graph.nodes.slice(2), constants: new Map() }] };
  assert.equal(await computeConstants(model), model);
});
