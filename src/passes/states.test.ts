import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import { removeIdentities } from "./identities.ts";
import { sinkReshapes } from "./reshapes.ts";
import { mergedNames, mergeHeads, pairStates } from "./states.ts";
import { float, graph, node, noise, OPSET, ops, settle } from "./testing-text.ts";
import { sinkTransposes } from "./transposes.ts";

const naming = { past: "past.", present: "present." };

/** A step of a decoder as exporters write it: keys of the past, and one more. */
const step: Graph = {
  ...graph({
    inputs: { key: [1, 2, 1, 3], "past.0": [1, 2, "before", 3], other: [1] },
    nodes: [node("Concat: past.0 key → present.0", { axis: 2 }), "Neg: other → y"],
    outputs: ["present.0", "y"],
  }),
};
const sized: Graph = {
  ...step,
  outputs: step.outputs.map((output) =>
    output.name === "present.0" ? { ...output, dims: [1, 2, "after", 3] } : { ...output, dims: [1] },
  ),
};

test("inputs and outputs with equal endings are one state, also where a graph has only one of them", () => {
  const names = (graph: Graph) => pairStates(graph, naming).map(({ name }) => name);
  assert.deepEqual(pairStates(sized, naming), [{ name: "0", input: "past.0", output: "present.0" }]);
  assert.deepEqual(names({ ...sized, inputs: [] }), ["0"]);
  assert.deepEqual(names({ ...sized, outputs: [] }), ["0"]);
  assert.deepEqual(names({ ...sized, inputs: sized.inputs.slice(0, 1), outputs: [] }), []);
});

test("a state has one row for each step, its heads side by side, and is only appended to", () => {
  const states = pairStates(sized, naming);
  const merged = settle(mergeHeads(sized, states), removeIdentities, sinkTransposes, sinkReshapes);
  assert.deepEqual(merged.inputs.find(({ name }) => name === "past.0/tokens")?.dims, [1, "before", 6]);
  assert.deepEqual(merged.outputs[0].dims, [1, "after", 6]);
  assert.deepEqual(mergedNames(states), [{ name: "0", input: "past.0/tokens", output: "present.0/tokens" }]);
  const key = noise([1, 2, 1, 3]);
  const rows = float(0, 1, 2, 10, 11, 12, 3, 4, 5, 13, 14, 15).reshape([1, 2, 6]);
  const feeds = { key, other: float(1), "past.0/tokens": rows };
  const result = runGraph(merged, feeds, OPSET)["present.0/tokens"];
  assert.deepEqual(result.dims, [1, 3, 6]);
  assert.deepEqual(result.numbers(), [...rows.numbers(), ...key.numbers()]);
});

test("what is no state, or has sizes that are not known, keeps its form", () => {
  const open: Graph = {
    ...sized,
    inputs: sized.inputs.map((input) => ({ ...input, dims: [1, "h", "t", 3] })),
  };
  const noOutputs = { ...open, outputs: [] };
  const merged = mergeHeads(noOutputs, pairStates(noOutputs, naming));
  assert.deepEqual(merged.inputs, open.inputs);
  assert.deepEqual(ops(mergeHeads(sized, [])), ops(sized));
});
