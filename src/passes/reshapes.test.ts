import assert from "node:assert/strict";
import { test } from "node:test";
import { sinkReshapes } from "./reshapes.ts";
import { apply, becomes, graph, int64, node, ops, sameResults, stays } from "./testing-text.ts";

test("reshapes in a row become one, named sizes included", () => {
  const two = graph({
    inputs: { x: ["time", 6] },
    constants: { split: int64(0, 2, 3), flat: int64(0, -1) },
    nodes: ["Reshape: x split → h", "Reshape: h flat → y"],
  });
  const after = becomes(sinkReshapes, two, ["Reshape"]);
  assert.deepEqual(after.constants.get(after.nodes[0].inputs[1])!.numbers(), [0, 6]);
  const moved = graph({
    inputs: { x: ["batch", "time", 6] },
    constants: { rows: int64(-1, 6), back: int64(1, -1, 2, 3) },
    nodes: ["Reshape: x rows → r", "Reshape: r back → y"],
  });
  becomes(sinkReshapes, moved, ["Reshape"]);
});

test("reshapes stay when something lies between, or two sizes would be unknown", () => {
  const between = graph({
    inputs: { x: ["time", 6] },
    constants: { split: int64(0, 2, 3), flat: int64(0, -1) },
    nodes: ["Reshape: x split → h", "Tanh: h → g", "Reshape: g flat → y"],
  });
  stays(sinkReshapes, between);
  const open = graph({
    inputs: { x: ["a", "b", 6] },
    constants: { flat: int64(-1) },
    nodes: [
      node("Transpose: x → t", { perm: [1, 0, 2] }),
      "Shape: t → s",
      "Reshape: x flat → f",
      "Reshape: f s → y",
    ],
  });
  stays(sinkReshapes, open);
});

test("one that is read elsewhere too is still there for that", () => {
  const both = graph({
    inputs: { x: [4, 6] },
    constants: { split: int64(4, 2, 3), flat: int64(24) },
    nodes: ["Reshape: x split → h", "Reshape: h flat → y"],
    outputs: ["y", "h"],
  });
  const after = apply(sinkReshapes, both);
  assert.deepEqual(ops(after), ["Reshape", "Reshape"]);
  assert.deepEqual(
    after.nodes.map(({ inputs }) => inputs[0]),
    ["x", "x"],
  );
  sameResults(both, after);
});

test("joining heads that were split alike is joining first, splitting once", () => {
  const heads = (axis: number, other = "split", past: string | number = "past") =>
    graph({
      inputs: { a: [1, past, 6], b: [1, 1, 6] },
      constants: { split: int64(0, 0, 2, 3), otherwise: int64(0, 0, 3, 2) },
      nodes: ["Reshape: a split → p", `Reshape: b ${other} → q`, node("Concat: p q → y", { axis })],
    });
  becomes(sinkReshapes, heads(1), ["Concat", "Reshape"]);
  stays(sinkReshapes, heads(2, "split", 1));
  const unlike = graph({
    inputs: { a: [1, "past", 6], b: [1, 1, 12] },
    constants: { split: int64(0, 0, 2, 3), more: int64(0, -1, 2, 3) },
    nodes: ["Reshape: a split → p", "Reshape: b more → q", node("Concat: p q → y", { axis: 1 })],
  });
  stays(sinkReshapes, unlike);
});
