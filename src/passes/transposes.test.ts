import assert from "node:assert/strict";
import { test } from "node:test";
import { removeIdentities } from "./identities.ts";
import {
  apply,
  becomes,
  graph,
  int64,
  node,
  noise,
  ops,
  sameResults,
  scalar,
  settle,
  stays,
} from "./testing-text.ts";
import { sinkTransposes } from "./transposes.ts";

const turn = (text: string, ...perm: number[]) => node(`Transpose: ${text}`, { perm });

test("transposes travel through elementwise operators until they meet their inverse", () => {
  const there = graph({
    inputs: { x: [2, "time", 4] },
    constants: { half: scalar(0.5), one: noise([1, 1, 1]) },
    nodes: [
      ...[turn("x → t", 0, 2, 1), "Tanh: t → h", "Mul: h half → m", "Sub: one m → s"],
      ...[turn("s → u", 0, 2, 1), "Neg: u → y"],
    ],
  });
  const after = settle(there, sinkTransposes, removeIdentities);
  assert.deepEqual(ops(after), ["Tanh", "Mul", "Sub", "Neg"]);
  sameResults(there, after);
});

test("two transposes become one, or nothing when they undo each other", () => {
  const twice = (first: number[], second: number[]) =>
    graph({ inputs: { x: [2, 3, 4] }, nodes: [turn("x → t", ...first), turn("t → y", ...second)] });
  const once = becomes(sinkTransposes, twice([1, 2, 0], [1, 0, 2]), ["Transpose"]);
  assert.deepEqual(once.nodes[0].attributes.perm, [2, 1, 0]);
  becomes(sinkTransposes, twice([1, 2, 0], [2, 0, 1]), ["Identity"]);
});

test("a transpose that names no order turns all axes around", () => {
  const nodes = ["Transpose: x → t", "Transpose: t → y"];
  becomes(sinkTransposes, graph({ inputs: { x: [2, 3, 4] }, nodes }), ["Identity"]);
  const joined = ["Transpose: a → s", "Transpose: b → t", node("Concat: s t → y", { axis: 0 })];
  becomes(sinkTransposes, graph({ inputs: { a: [2, 3], b: [2, 5] }, nodes: joined }), [
    "Concat",
    "Transpose",
  ]);
});

test("several that are joined become one behind the join, whichever way its axis is counted", () => {
  for (const axis of [2, -1]) {
    const joined = graph({
      inputs: { a: [2, 3, 4], b: [2, 5, 4] },
      nodes: [turn("a → s", 0, 2, 1), turn("b → t", 0, 2, 1), node("Concat: s t → y", { axis })],
    });
    becomes(sinkTransposes, joined, ["Concat", "Transpose"]);
  }
});

test("one that is read elsewhere too is still there for that", () => {
  const both = graph({
    inputs: { x: [2, 3] },
    nodes: [turn("x → t", 1, 0), "Tanh: t → y"],
    outputs: ["y", "t"],
  });
  const after = apply(sinkTransposes, both);
  assert.deepEqual(ops(after), ["Transpose", "Tanh", "Transpose"]);
  sameResults(both, after);
});

test("transposes stay where the other side would have to turn too", () => {
  const mixed = (...nodes: Parameters<typeof graph>[0]["nodes"]) =>
    graph({ inputs: { a: [2, 3, 4], b: [2, 4, 3] }, constants: { v: noise([3]) }, nodes });
  stays(sinkTransposes, mixed(turn("a → t", 0, 2, 1), "Add: t b → y"));
  stays(sinkTransposes, mixed(turn("a → t", 0, 2, 1), "Add: t v → y"));
  stays(sinkTransposes, mixed(turn("a → t", 0, 2, 1), node("Concat: t b → y", { axis: 1 })));
  stays(
    sinkTransposes,
    mixed(turn("a → s", 0, 2, 1), turn("b → t", 0, 1, 2), node("Concat: s t → y", { axis: 1 })),
  );
  stays(sinkTransposes, mixed(turn("a → t", 0, 2, 1), node("Softmax: t → y", { axis: -1 })));
});

test("a number of more axes than the value keeps its axes", () => {
  const higher = graph({
    inputs: { x: [2, 3] },
    constants: { one: noise([1, 1, 1]) },
    nodes: [turn("x → t", 1, 0), "Add: t one → y"],
  });
  sameResults(higher, settle(higher, sinkTransposes));
});

test("a part of what was turned is a turned part", () => {
  const sliced = graph({
    inputs: { x: [2, 3, 4] },
    constants: { from: int64(0, 1), to: int64(2, 3), axes: int64(-1, 1), all: int64(0), some: int64(2) },
    nodes: [turn("x → t", 0, 2, 1), "Slice: t from to axes → s", "Neg: s → y"],
  });
  becomes(sinkTransposes, sliced, ["Slice", "Neg", "Transpose"]);
  stays(sinkTransposes, { ...sliced, nodes: [sliced.nodes[0], node("Slice: t all some → y")] });
});
