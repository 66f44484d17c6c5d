import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Graph, Node } from "../model/graph.ts";
import { fuseAttention } from "./attention.ts";
import { removeIdentities } from "./identities.ts";
import { findCausalMasks } from "./masks.ts";
import {
  becomes,
  type GraphParts,
  graph,
  int64,
  node,
  OPSET,
  ops,
  scalar,
  settle,
  stays,
} from "./testing-text.ts";

/** Scores are summed in another order than a matrix product does. */
const rounding = 3e-6;

const turn = (text: string, ...perm: number[]) => node(`Transpose: ${text}`, { perm });

/** As exporters write it. Identities stand where some put something else. */
const parts = {
  ...{ q: "Reshape: x split → q0", qHeads: turn("q0 → q1", 0, 2, 1, 3), qScale: "Identity: q1 → q2" },
  ...{ k: "Reshape: y split → k0", kHeads: turn("k0 → k1", 0, 2, 3, 1), kScale: "Identity: k1 → k2" },
  ...{ v: "Reshape: z splitV → v0", vHeads: turn("v0 → v1", 0, 2, 1, 3), vScale: "Identity: v1 → v2" },
  ...{ scores: "MatMul: q2 k2 → s", scale: "Mul: s scale → w", mask: "Identity: w → masked" },
  ...{ softmax: node("Softmax: masked → p", { axis: -1 }), context: "MatMul: p v2 → c" },
  ...{ together: turn("c → t", 0, 2, 1, 3), join: "Reshape: t join → o" },
};

function written(
  change: Partial<Record<keyof typeof parts, string | Node | (string | Node)[]>> = {},
  more: Partial<GraphParts> = {},
): Graph {
  const given = graph({
    inputs: { x: [2, "queries", 12], y: [2, "keys", 12], z: [2, "keys", 6], ...more.inputs },
    constants: {
      ...{ split: int64(0, 0, 3, 4), splitV: int64(0, 0, 3, 2), join: int64(0, 0, -1) },
      ...{ scale: scalar(0.5), root: scalar(Math.SQRT1_2), two: scalar(2), ...more.constants },
    },
    nodes: Object.values({ ...parts, ...change }).flat(),
    outputs: more.outputs ?? ["o"],
  });
  return settle(given, removeIdentities);
}

const fuse = fuseAttention(new Set());

test("attention becomes one operator, values of another width than keys", () => {
  const { nodes } = becomes(fuse, written(), ["Attention"], rounding);
  assert.deepEqual(nodes[0].inputs, ["x", "y", "z"]);
  assert.deepEqual(nodes[0].attributes, { heads: 3, scale: 0.5, causal: 0 });
});

test("its scale is taken from wherever it was multiplied in", () => {
  const everywhere = written({
    ...{ qScale: "Mul: q1 root → q2", kScale: "Mul: root k1 → k2", scale: "Div: s two → w" },
  });
  const { nodes } = becomes(fuse, everywhere, ["Attention"], rounding);
  assert.ok(Math.abs((nodes[0].attributes.scale as number) - 0.25) < 1e-7);
  const none = becomes(fuse, written({ scale: "Identity: s → w" }), ["Attention"], rounding);
  assert.equal(none.nodes[0].attributes.scale, 1);
});

test("what is used elsewhere is still there for that", () => {
  const after = settle(written({}, { outputs: ["o", "p"] }), fuse);
  assert.deepEqual(
    ops(after).filter((op) => ["Attention", "Softmax"].includes(op)),
    ["Softmax", "Attention"],
  );
});

describe("attention is not found", () => {
  const mask = { inputs: { mask: [1] } };
  const one = { x: [1, 4, 12], y: [2, 4, 12], z: [2, 4, 6] };
  const cases: Record<string, Graph> = {
    "with a softmax over another axis": written({ softmax: node("Softmax: masked → p", { axis: 2 }) }),
    "with heads that are not put together": written({ together: turn("c → t", 0, 1, 2, 3) }),
    "with heads that become rows": written({}, { constants: { join: int64(0, -1, 2) } }),
    "with queries that become heads": written(
      { together: turn("c → t", 0, 2, 1, 3) },
      { constants: { join: int64(-1, 2, 6) } },
    ),
    "with a scale that is computed": written({ scale: "Mul: s mask → w" }, mask),
    "with a mask that is given": written({ mask: "Add: w mask → masked" }, mask),
    "with values that are scaled": written({ vScale: "Mul: v1 two → v2" }),
    "with one query for a whole batch": written({}, { inputs: one, constants: { join: int64(2, 4, 6) } }),
  };
  for (const [name, each] of Object.entries(cases)) test(name, () => stays(fuse, each));
});

test("a causal mask makes it causal, if it is known as one", () => {
  const mask = [
    ...["Shape: w → shape", "Gather: shape axis → n", "Range: zero n one → r"],
    ...["Unsqueeze: r second → i", "Unsqueeze: r first → j", "Greater: j i → later"],
    ...["Where: later low none → causal", "Add: causal w → masked"],
  ];
  const masked = written(
    { mask },
    {
      inputs: { x: [1, "n", 12], y: [1, "n", 12], z: [1, "n", 6] },
      constants: {
        ...{ axis: int64(2).reshape([]), zero: int64(0).reshape([]), one: int64(1).reshape([]) },
        ...{ first: int64(0), second: int64(1), low: scalar(-3.4e38), none: scalar(0) },
      },
    },
  );
  const masks = findCausalMasks(masked, OPSET);
  const { nodes } = becomes(fuseAttention(masks), masked, ["Attention"], rounding);
  assert.equal(nodes[0].attributes.causal, 1);
  stays(fuse, masked);
});
