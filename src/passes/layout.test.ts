import assert from "node:assert/strict";
import { test } from "node:test";
import { inferShapes } from "../model/infer.ts";
import { nameOutputs, removeIdentities } from "./identities.ts";
import { sinkReshapes } from "./reshapes.ts";
import {
  apply,
  becomes,
  graph,
  int64,
  node,
  noise,
  OPSET,
  ops,
  sameResults,
  scalar,
  stays,
} from "./testing-text.ts";
import { sinkTransposes } from "./transposes.ts";

const turn = (text: string, ...perm: number[]) => node(`Transpose: ${text}`, { perm });

test("transposes travel through elementwise operators until they meet their inverse", () => {
  const there = graph({
    inputs: { x: [2, 3, 4] },
    constants: { half: scalar(0.5) },
    nodes: [turn("x → t", 0, 2, 1), "Tanh: t → h", "Mul: h half → m", turn("m → y", 0, 2, 1)],
    outputs: ["y"],
  });
  const once = apply(sinkTransposes, there);
  sameResults(there, once);
  const settled = becomes(removeIdentities, apply(sinkTransposes, once), ["Tanh", "Mul", "Identity"]);
  sameResults(there, settled);
});

test("two transposes become one, and several alike one after a join", () => {
  const twice = [turn("x → t", 1, 2, 0), turn("t → y", 1, 2, 0)];
  becomes(sinkTransposes, graph({ inputs: { x: [2, 3, 4] }, nodes: twice, outputs: ["y"] }), ["Transpose"]);
  const joined = graph({
    inputs: { a: [2, 3, 4], b: [2, 5, 4] },
    nodes: [turn("a → s", 0, 2, 1), turn("b → t", 0, 2, 1), node("Concat: s t → y", { axis: -1 })],
    outputs: ["y"],
  });
  becomes(sinkTransposes, joined, ["Concat", "Transpose"]);
});

test("transposes stay where the other side would have to turn too", () => {
  const mixed = (nodes: (string | ReturnType<typeof turn>)[]) =>
    graph({ inputs: { a: [2, 3, 4], b: [2, 4, 3] }, constants: { v: noise([3]) }, nodes, outputs: ["y"] });
  stays(sinkTransposes, mixed([turn("a → t", 0, 2, 1), "Add: t b → y"]));
  stays(sinkTransposes, mixed([turn("a → t", 0, 2, 1), "Add: t v → y"]));
  stays(sinkTransposes, mixed([turn("a → t", 0, 2, 1), node("Concat: t b → y", { axis: 1 })]));
});

test("reshapes in a row become one, named sizes included", () => {
  const two = graph({
    inputs: { x: ["time", 6] },
    constants: { split: int64(0, 2, 3), flat: int64(0, -1) },
    nodes: ["Reshape: x split → h", "Tanh: h → g", "Reshape: h flat → y", "Reshape: g flat → z"],
    outputs: ["y", "z"],
  });
  const after = apply(sinkReshapes, two);
  assert.deepEqual(ops(after), ["Reshape", "Tanh", "Reshape", "Reshape"]);
  sameResults(two, after);
});

test("joining heads that were split alike is joining first, splitting once", () => {
  const heads = (axis: number) =>
    graph({
      inputs: { a: [1, "past", 6], b: [1, 1, 6] },
      constants: { split: int64(0, 0, 2, 3) },
      nodes: ["Reshape: a split → p", "Reshape: b split → q", node("Concat: p q → y", { axis })],
      outputs: ["y"],
    });
  becomes(sinkReshapes, heads(1), ["Concat", "Reshape"]);
  const two = heads(2);
  stays(sinkReshapes, { ...two, inputs: two.inputs.map((input) => ({ ...input, dims: [1, 1, 6] })) });
});

test("identities, and reshapes to the same shape, go; an output keeps its name", () => {
  const idle = graph({
    inputs: { x: [2, 3] },
    constants: { same: int64(2, 3) },
    nodes: ["Tanh: x → t", "Reshape: t same → r", "Identity: r → i", "Neg: i → n", "Identity: n → y"],
    outputs: ["y"],
  });
  const after = becomes(removeIdentities, idle, ["Tanh", "Neg", "Identity"]);
  const named = nameOutputs(after, inferShapes(after, { opset: OPSET }));
  assert.deepEqual(ops(named), ["Tanh", "Neg"]);
  sameResults(idle, named);
});

test("an output that renames an input, or a second output, stays a node", () => {
  const direct = graph({ inputs: { x: [2] }, nodes: ["Identity: x → y"], outputs: ["y"] });
  assert.deepEqual(ops(nameOutputs(direct, inferShapes(direct, { opset: OPSET }))), ["Identity"]);
  const both = graph({ inputs: { x: [2] }, nodes: ["Neg: x → a", "Identity: a → b"], outputs: ["a", "b"] });
  assert.deepEqual(ops(nameOutputs(both, inferShapes(both, { opset: OPSET }))), ["Neg", "Identity"]);
});
