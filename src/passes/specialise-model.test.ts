import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { optimise } from "./optimise.ts";
import { specialiseModel } from "./specialise-model.ts";
import { graph, node, OPSET, ops } from "./testing-text.ts";

const branch = (op: string) => graph({ nodes: [`${op}: x h → ${op}`], outputs: [op] });
/** x + h at rate 16, x − h at others. */
const voice: Model = {
  opset: OPSET,
  metadata: {},
  graphs: [
    graph({
      inputs: { x: ["batch", 2], h: ["batch", 2], rate: { dtype: "int64", dims: [] } },
      constants: { sixteen: new Tensor("int64", [16], []) },
      nodes: [
        "Equal: rate sixteen → fast",
        node("If: fast → y", { then_branch: branch("Add"), else_branch: branch("Sub") }),
        "Neg: y → z",
      ],
      outputs: ["y", "z"],
    }),
  ],
};

test("inputs and sizes that are known decide what the graph is, and what comes back is a state", () => {
  for (const [rate, op] of [
    [16, "Add"],
    [8, "Sub"],
  ] as const) {
    const special = specialiseModel(voice, { bind: { rate }, sizes: { batch: 1 }, feedback: { h: "y" } });
    assert.deepEqual(special.states, [{ name: "h", input: "h", output: "y" }]);
    assert.deepEqual(
      special.graphs[0].inputs.map(({ name, dims }) => [name, dims]),
      [
        ["x", [1, 2]],
        ["h", [1, 2]],
      ],
    );
    assert.deepEqual(ops(optimise(special.graphs[0], { opset: OPSET })), [op, "Neg"]);
  }
});

test("names that the model has not are errors that say which it has", () => {
  for (const [special, message] of [
    [{ bind: { speed: 1 } }, /no input "speed": expected x, h, rate/],
    [{ sizes: { time: 1 } }, /no size "time": expected batch/],
    [{ feedback: { g: "y" } }, /no input "g"/],
    [{ feedback: { h: "w" } }, /no output "w": expected y, z/],
  ] as const)
    assert.throws(() => specialiseModel(voice, special), { code: "argument", message });
});
