import assert from "node:assert/strict";
import { test } from "node:test";
import { inferShapes } from "../model/infer.ts";
import { nameOutputs, removeIdentities } from "./identities.ts";
import {
  float,
  type GraphText,
  graphOf,
  ints,
  opset,
  opsOf,
  rewritten,
  sameResults,
  unchanged,
} from "./testing.ts";

const named = (text: GraphText) => {
  const before = graphOf(text);
  const after = nameOutputs(before, inferShapes(before, { opset }));
  sameResults(before, after);
  return after;
};

test("readers of an identity, or of several in a row, take its input", () => {
  const nodes = [
    ["Neg", "x", "a"],
    ["Identity", "a", "b"],
    ["Identity", "b", "c"],
    ["Exp", "c", "y"],
  ] as const;
  rewritten({ inputs: { x: ["n"] }, nodes }, [removeIdentities], "Neg Exp");
});

test("a reshape to the shape a value has is an identity, known sizes or not", () => {
  const reshape = (dims: readonly (string | number)[], ...to: number[]): GraphText => ({
    inputs: { x: dims },
    nodes: [
      ["Reshape", "x to", "a"],
      ["Exp", "a", "y"],
    ],
    constants: { to: ints(...to) },
  });
  rewritten(reshape([2, 6], 2, 6), [removeIdentities], "Exp");
  rewritten(reshape(["n", 6], -1, 6), [removeIdentities], "Exp");
  rewritten(reshape(["n", 6], 0, 0), [removeIdentities], "Exp");
  unchanged(reshape([2, 6], 6, 2), removeIdentities);
  unchanged(reshape(["n", 6], -1, 3), removeIdentities);
  unchanged(reshape(["n", 6], 1, -1, 6), removeIdentities);
});

test("an identity between input and output stays: both names must exist", () => {
  unchanged({ inputs: { x: [2] }, nodes: [["Identity", "x", "y"]] }, removeIdentities);
});

test("a value that an output renames takes the output's name", () => {
  const after = named({
    inputs: { x: ["n"] },
    nodes: [
      ["Exp", "x", "a"],
      ["Neg", "a", "b"],
      ["Identity", "a", "y"],
    ],
    outputs: "y b",
  });
  assert.equal(opsOf(after), "Exp Neg");
  assert.deepEqual(after.nodes[0].outputs, ["y"]);
});

test("a value with two outputs' names, an input, a constant and an output keep theirs", () => {
  const cases: readonly GraphText[] = [
    { inputs: { x: [2] }, nodes: [["Identity", "x", "y"]] },
    { nodes: [["Identity", "k", "y"]], constants: { k: float([1, 2]) } },
    {
      inputs: { x: [2] },
      nodes: [
        ["Exp", "x", "z"],
        ["Identity", "z", "y"],
      ],
      outputs: "z y",
    },
  ];
  for (const text of cases) assert.equal(opsOf(named(text)), opsOf(graphOf(text)));
  const twice = named({
    inputs: { x: [2] },
    nodes: [
      ["Exp", "x", "a"],
      ["Identity", "a", "y"],
      ["Identity", "a", "z"],
    ],
    outputs: "y z",
  });
  assert.equal(opsOf(twice), "Exp Identity");
});

test("a value that a branch takes from around it keeps its name", () => {
  const inner = graphOf({ nodes: [["Neg", "a", "b"]] });
  const after = named({
    inputs: { x: [2], yes: { dtype: "bool", dims: [] } },
    nodes: [
      ["Exp", "x", "a"],
      ["If", "yes", "c", { then_branch: inner, else_branch: inner }],
      ["Identity", "a", "y"],
    ],
    outputs: "y c",
  });
  assert.equal(opsOf(after), "Exp If Identity");
});
