import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node } from "../model/graph.ts";
import { findCausalMasks } from "./masks.ts";
import { type GraphParts, graph, int64, node, OPSET, scalar } from "./testing-text.ts";

/** Numbers as constants: sizes of 0 axes, lists of one. */
const constants = {
  ...{ first: int64(0).reshape([]), one: int64(1).reshape([]), two: int64(2).reshape([]) },
  ...{ asRow: int64(0), asColumn: int64(1), both: int64(0, 1) },
  ...{ low: scalar(-3.4028235e38), zero: scalar(0), lower: scalar(-10_000), window: int64(2).reshape([]) },
};

/** "n" and "m" are the numbers of queries and keys, of which `past` come before the first query. */
const sizes = (queries: string, keys: string, past = "first") => [
  `Shape: scores → shape`,
  node(`Gather: shape two → n`, { axis: 0 }),
  node("Gather: shape three → m", { axis: 0 }),
  `Range: first ${queries} one → i0`,
  `Range: first ${keys} one → j0`,
  `Add: i0 ${past} → i1`,
  "Unsqueeze: i1 asColumn → i",
  "Unsqueeze: j0 asRow → j",
];

const softmaxOf = (nodes: readonly (string | Node)[], more: Partial<GraphParts> = {}) =>
  graph({
    inputs: { scores: [1, 2, "queries", "keys"], ...more.inputs },
    constants: { ...constants, three: int64(3).reshape([]), ...more.constants },
    nodes: [...nodes, "Add: scores mask → masked", node("Softmax: masked → y", { axis: -1 })],
  });

const found = (...description: Parameters<typeof softmaxOf>) => [
  ...findCausalMasks(softmaxOf(...description), OPSET),
];

test("a mask that hides every later key is causal, however it is written", () => {
  const all = { inputs: { scores: [1, 2, "n", "n"] } };
  const where = [...sizes("n", "n"), "Greater: j i → later", "Where: later low zero → mask"];
  assert.deepEqual(found(where, all), ["mask"]);
  const trilu = [
    "Shape: scores → shape",
    "Slice: shape two1 four1 → square",
    "Expand: low square → full",
    node("Trilu: full one → mask", { upper: 1 }),
  ];
  const more = { ...all, constants: { two1: int64(2), four1: int64(4) } };
  assert.deepEqual(found(trilu, more), ["mask"]);
});

test("keys of the past are seen by every query", () => {
  const past = [...sizes("n", "m", "before"), "Greater: j i → later", "Where: later low zero → mask"];
  const before = [past[0], past[1], past[2], "Sub: m n → before", ...past.slice(3)];
  const inputs = { scores: [1, 2, "queries", "keys"] };
  const result = found(before, { inputs });
  assert.deepEqual(result, ["mask"]);
});

test("other masks are not causal", () => {
  const all = { inputs: { scores: [1, 2, "n", "n"] } };
  const cases: readonly (readonly [(string | Node)[], Partial<GraphParts>?])[] = [
    [[...sizes("n", "n"), "Less: j i → other", "Where: other low zero → mask"], all],
    [[...sizes("n", "n"), "Greater: j i → other", "Where: other lower zero → mask"], all],
    [[...sizes("n", "n"), "Greater: j i → other", "Where: other zero zero → mask"], all],
    [[...sizes("n", "n"), "Sub: j i → far", "Greater: far one → other", "Where: other low zero → mask"], all],
    [["Neg: given → mask"], { inputs: { ...all.inputs, given: ["n", "n"] } }],
    [[node("Gather: scores first → mask", { axis: 0 })], all],
  ];
  for (const [nodes, more] of cases) assert.deepEqual(found(nodes, more), []);
});

test("a mask of sizes that do not fit for some trial is not causal, and no error", () => {
  const inputs = { scores: [1, 2, "queries", "keys"], a: ["here"], b: ["there"] };
  const nodes = ["Shape: a → sa", "Shape: b → sb", "Expand: zero sa → ea", "Expand: zero sb → eb"];
  assert.deepEqual(found([...nodes, "Add: ea eb → sum", "Unsqueeze: sum asRow → mask"], { inputs }), []);
});

test("what is added to something else than scores before a softmax is no mask", () => {
  const plain = graph({
    inputs: { scores: [1, 2, "n", "n"] },
    constants: { ...constants, three: int64(3).reshape([]) },
    nodes: [
      ...sizes("n", "n"),
      ...["Greater: j i → later", "Where: later low zero → mask", "Add: scores mask → y"],
    ],
  });
  assert.equal(findCausalMasks(plain, OPSET).size, 0);
});
