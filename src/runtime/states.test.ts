// States of one size: the memory of a recurrent layer, from run to run.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph, Model, Node } from "../model/graph.ts";
import { writeOvx } from "../model/ovx.ts";
import { Tensor } from "../tensor/tensor.ts";
import { InferenceSession } from "./session.ts";

const row = (...values: number[]) => new Tensor("float32", values, [1, values.length]);
const node = (op: string, inputs: string[], output: string): Node => ({
  ...{ name: output, op, inputs, outputs: [output], attributes: {} },
});
const info = (name: string, size = 2) => ({ name, dtype: "float32" as const, dims: [1, size] });

/** y = h + x; what the nodes leave is what the states are next. */
function model(nodes: readonly Node[], states: Readonly<Record<string, string>>, size = 2): Model {
  const graph: Graph = {
    name: "step",
    inputs: [info("x"), ...Object.keys(states).map((name) => info(name, size))],
    outputs: [info("y"), ...Object.values(states).map((name) => info(name))],
    nodes: [node("Add", ["x", Object.keys(states)[0]], "y"), ...nodes],
    constants: new Map(),
  };
  const pairs = Object.entries(states).map(([input, output]) => ({ name: input, input, output }));
  return { graphs: [graph], states: pairs, opset: 17, metadata: {} };
}

const run = async (session: InferenceSession, ...x: number[]): Promise<number[]> =>
  (await session.run({ x: row(...x) })).y.numbers();

for (const kernels of ["simd", "reference"] as const) {
  test(`a state of one size begins with zeros, and does so again after a reset (${kernels})`, async () => {
    const summing = model([node("Identity", ["y"], "next")], { h: "next" });
    using session = await InferenceSession.create(writeOvx(summing), { kernels });
    assert.deepEqual(
      session.inputs().map(({ name }) => name),
      ["x"],
    );
    assert.deepEqual(
      session.outputs().map(({ name }) => name),
      ["y"],
    );
    assert.deepEqual(await run(session, 1, 2), [1, 2]);
    assert.deepEqual(await run(session, 1, 2), [2, 4]);
    assert.deepEqual(await run(session, 1, 2), [3, 6]);
    session.resetStates();
    assert.deepEqual(await run(session, 5, 0), [5, 0]);
  });

  test(`two states that change places keep both values (${kernels})`, async () => {
    const swapping = model([node("Identity", ["b"], "next a"), node("Add", ["x", "a"], "next b")], {
      a: "next a",
      b: "next b",
    });
    using session = await InferenceSession.create(swapping, { kernels });
    // a, b: 0, 0 → 0, 1 → 1, 10 → 10, 101
    assert.deepEqual(await run(session, 1, 0), [1, 0]);
    assert.deepEqual(await run(session, 10, 0), [10, 0]);
    assert.deepEqual(await run(session, 100, 0), [101, 0]);
    assert.deepEqual(await run(session, 0, 0), [10, 0]);
  });

  test(`two states that only change places do so (${kernels})`, async () => {
    const nodes = [node("Identity", ["b"], "next a"), node("Identity", ["a"], "next b")];
    const swapping = model([node("Add", ["x", "c"], "next c"), ...nodes], {
      ...{ c: "next c", a: "next a", b: "next b" },
    });
    using session = await InferenceSession.create(swapping, { kernels });
    assert.deepEqual(await run(session, 1, 2), [1, 2]);
    assert.deepEqual(await run(session, 1, 2), [2, 4]);
  });
}

test("a state that comes back with another size is an error that names it", async () => {
  const growing = model([node("Identity", ["y"], "next")], { h: "next" }, 1);
  using session = await InferenceSession.create(growing);
  await assert.rejects(run(session, 1, 2), { code: "shape", message: /state "h".*\[1, 1\].*\[1, 2\]/ });
});
