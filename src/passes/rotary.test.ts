import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Graph, Node } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { removeIdentities } from "./identities.ts";
import { sinkReshapes } from "./reshapes.ts";
import { fuseRotary } from "./rotary.ts";
import {
  float,
  type GraphParts,
  graph,
  int64,
  node,
  noise,
  ops,
  sameResults,
  settle,
} from "./testing-text.ts";
import { sinkTransposes } from "./transposes.ts";

const turn = (text: string, ...perm: number[]) => node(`Transpose: ${text}`, { perm });

/** As exporters write it: 2 heads of 6 values, of which 4 turn. */
const parts = {
  ...{ split: "Reshape: x split → x0", heads: turn("x0 → h", 0, 2, 1, 3) },
  ...{ head: "Slice: h zero four last one → head", rest: "Slice: h four end last one → rest" },
  ...{ even: "Slice: head zero end last two → even", odd: "Slice: head one end last two → odd" },
  ...{ negated: "Neg: odd → n", first: "Unsqueeze: n last → n1", second: "Unsqueeze: even last → e1" },
  ...{ pairs: node("Concat: n1 e1 → pairs", { axis: -1 }), turned: "Reshape: pairs flat → turned" },
  ...{ once: "Unsqueeze: angles last → a1", twice: node("Concat: a1 a1 → a2", { axis: -1 }) },
  ...{ doubled: "Reshape: a2 rows → a3", placed: "Unsqueeze: a3 front → a4" },
  ...{ cos: "Cos: a4 → cosines", sin: "Sin: a4 → sines" },
  ...{ straight: "Mul: head cosines → p", across: "Mul: turned sines → t", sum: "Add: p t → s" },
  whole: node("Concat: s rest → y", { axis: -1 }),
};

function written(
  change: Partial<Record<keyof typeof parts, string | Node>> = {},
  constants: Record<string, Tensor> = {},
  inputs: GraphParts["inputs"] = {},
): Graph {
  return graph({
    inputs: { x: [1, "time", 12], angles: ["time", 2], ...inputs },
    constants: {
      ...{ split: int64(0, 0, 2, 6), flat: int64(0, 0, 0, -1), rows: int64(0, -1), front: int64(0, 1) },
      ...{
        zero: int64(0),
        one: int64(1),
        two: int64(2),
        four: int64(4),
        last: int64(-1),
        end: int64(2 ** 31 - 1),
      },
      ...constants,
    },
    nodes: Object.values({ ...parts, ...change }),
  });
}

const isFound = (before: Graph) => ops(settle(before, fuseRotary)).includes("RotaryEmbedding");

test("rotary embedding becomes one operator on what the projection left, with the same bits", () => {
  const before = written();
  const after = settle(before, fuseRotary, removeIdentities, sinkTransposes, sinkReshapes);
  assert.ok(!ops(after).includes("Neg"));
  const { attributes, inputs } = after.nodes.find(({ op }) => op === "RotaryEmbedding")!;
  assert.deepEqual(attributes, { heads: 2, interleaved: 1 });
  assert.equal(inputs[0], "x");
  sameResults(before, after);
});

test("its factors and summands may stand in any order", () => {
  const swapped = written({
    ...{ straight: "Mul: cosines head → p", across: "Mul: sines turned → t", sum: "Add: t p → s" },
  });
  assert.ok(isFound(swapped));
  sameResults(swapped, settle(swapped, fuseRotary));
});

test("cosines and sines may be constants, if each stands there twice", () => {
  const { once: _1, twice: _2, doubled: _3, placed: _4, cos: _5, sin: _6, ...rest } = parts;
  const tables = (values: readonly number[]) => {
    const table = float(...values).reshape([1, 1, 1, 4]);
    const nodes = Object.values(rest);
    const own = written().constants;
    const constants = { ...Object.fromEntries(own), cosines: table, sines: table };
    return graph({ inputs: { x: [1, 1, 12] }, nodes, constants });
  };
  const doubled = tables([0.5, 0.5, 2, 2]);
  assert.ok(isFound(doubled));
  sameResults(doubled, settle(doubled, fuseRotary));
  assert.ok(!isFound(tables([0.5, 2, 0.5, 2])));
});

describe("rotary embedding is not found", () => {
  const five = { five: int64(5) };
  const cases: Record<string, Graph> = {
    "in halves instead of pairs": written({ pairs: node("Concat: n1 e1 → pairs", { axis: 3 }) }),
    "with the other sign": written({
      ...{ negated: "Neg: even → n", second: "Unsqueeze: odd last → e1" },
    }),
    "without a sign": written({ negated: "Abs: odd → n" }),
    "with pairs of another value": written({ odd: "Slice: h one four last two → odd" }),
    "with a rest that overlaps": written({ rest: "Slice: h one end last one → rest" }),
    "with a rest that is cut short": written({ rest: "Slice: h four five last one → rest" }, five),
    "with a head that begins later": written({ head: "Slice: h one five last one → head" }, five),
    "joined along another axis": written({
      rest: "Slice: h zero four last one → rest",
      whole: node("Concat: s rest → y", { axis: 1 }),
    }),
    "with angles repeated, not doubled": written({ twice: node("Concat: a1 a1 → a2", { axis: 1 }) }),
    "with angles that differ in a pair": written(
      { twice: node("Concat: a1 b → a2", { axis: -1 }) },
      {},
      { b: ["time", 2, 1] },
    ),
    "with angles scaled apart": written({ cos: "Mul: a4 apart → cosines" }, { apart: noise([4]) }),
    "with angles for each of a batch": written(
      { doubled: "Reshape: a2 rows → a3", placed: "Unsqueeze: a3 one → a4" },
      { rows: int64(0, 0, -1) },
      { x: [2, "time", 12], angles: [2, "time", 2] },
    ),
    "with one angle for all times": written({}, {}, { angles: [1, 2] }),
  };
  for (const [name, each] of Object.entries(cases)) test(name, () => assert.ok(!isFound(each)));
});
