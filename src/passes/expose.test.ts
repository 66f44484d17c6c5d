import assert from "node:assert/strict";
import { test } from "node:test";
import { runGraph } from "../reference/run.ts";
import { InferenceSession } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { exposeValues } from "./expose.ts";
import { prepareModel } from "./prepare.ts";
import { graph, node } from "./testing-text.ts";

const source = graph({
  ...{
    inputs: { x: [2, 3] },
    constants: { w: new Tensor("float32", [1, 2, 3, 4, 5, 6], [3, 2]) },
    outputs: ["y"],
  },
  nodes: ["MatMul: x w → p", "Relu: p → r", node("Softmax: r → y", { axis: -1 })],
});

test("values inside become outputs, once each, and the graph computes what it did", async () => {
  const exposed = exposeValues(source, ["p", "y", "p"]);
  assert.deepEqual(
    exposed.outputs.map(({ name }) => name),
    ["y", "p"],
  );
  const feeds = { x: new Tensor("float32", [1, -2, 3, -4, 5, -6], [2, 3]) };
  const plain = runGraph(exposeValues(source, []), feeds, 21);
  assert.deepEqual(Object.keys(plain), ["y"]);
  const model = prepareModel({ graphs: [exposed], opset: 21, metadata: {} });
  using session = await InferenceSession.create(model);
  const found = await session.run(feeds);
  assert.deepEqual(found.y.data, plain.y.data);
  assert.deepEqual(
    found.p.numbers(),
    [10, 12, -9, -12].map((_, i) => runGraph(exposed, feeds, 21).p.numbers()[i]),
  );
});

test("a constant, and a value that is not there, are errors that say so", () => {
  assert.throws(() => exposeValues(source, ["w"]), { code: "argument", message: /"w".*found a constant/ });
  assert.throws(() => exposeValues(source, ["z"]), {
    code: "argument",
    message: /"z".*found none of that name/,
  });
});
