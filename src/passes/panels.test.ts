import assert from "node:assert/strict";
import { test } from "node:test";
import { unpackNibbles, unpackPanels } from "../kernels/layout.ts";
import type { Graph } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { packMatrices } from "./panels.ts";
import { graph, noise, scalar } from "./testing-text.ts";

const matrix = new Tensor(
  "int8",
  Int8Array.from(noise([7 * 10]).data, (x) => Math.round(x * 60)),
  [7, 10],
);

const product = (change: Partial<Graph> = {}): Graph => ({
  ...graph({
    inputs: { x: ["rows", 7], i: { dtype: "int64", dims: ["rows"] } },
    constants: { w: matrix, s: scalar(1), z: new Tensor("int8", [0], []) },
    nodes: [
      "DynamicQuantizeLinear: x → q qs qz",
      "MatMulIntegerToFloat: q w qs s qz z → a",
      "GatherDequantize: w s z i → b",
    ],
    outputs: ["a", "b"],
  }),
  ...change,
});

test("the matrices of products are laid out in panels, and nothing is lost", () => {
  const { constants, layouts } = packMatrices(product());
  assert.deepEqual([...layouts!], [["w", { layout: "panels", dims: [7, 10] }]]);
  const packed = constants.get("w")!.data as Int8Array;
  assert.deepEqual(unpackPanels(packed, 7, 10), matrix.data);
});

test("a matrix of 4 bits is laid out two weights a byte", () => {
  const halves = matrix.data.map((x) => x >> 4) as Int8Array;
  const blocks = graph({
    inputs: { i: { dtype: "int64", dims: ["rows"] } },
    constants: { w: new Tensor("int4", halves, [7, 10]), s: noise([1, 10]) },
    nodes: ["GatherBlocks: w s i → b"],
    outputs: ["b"],
  });
  const { constants, layouts } = packMatrices(blocks);
  assert.deepEqual([...layouts!], [["w", { layout: "panels", dims: [7, 10] }]]);
  const packed = constants.get("w")!;
  assert.equal(packed.dtype, "uint8");
  assert.deepEqual(unpackNibbles(packed.data as Uint8Array, 7, 10), halves);
});

test("a matrix of several graphs is packed once", () => {
  const cache = new Map<Tensor, Tensor>();
  const [one, two] = [product(), product()].map((each) => packMatrices(each, cache).constants.get("w"));
  assert.equal(one, two);
});

test("one that is packed already stays as it is", () => {
  const once = packMatrices(product());
  assert.deepEqual(packMatrices(once), once);
});

test("one that something else reads stays row by row: a node, a branch, an output of the graph", () => {
  const inner = graph({ nodes: ["Neg: w → n"] });
  const readers: Partial<Graph>[] = [
    { nodes: [...product().nodes, ...graph({ nodes: ["Neg: w → n"] }).nodes] },
    {
      nodes: [
        ...product().nodes,
        {
          name: "if",
          op: "If",
          inputs: ["yes"],
          outputs: ["o"],
          attributes: { then_branch: inner, else_branch: inner },
        },
      ],
    },
    { outputs: [...product().outputs, { name: "w", dtype: "int8", dims: [7, 10] }] },
  ];
  for (const [index, change] of readers.entries())
    assert.deepEqual([...packMatrices(product(change)).layouts!.keys()], [], `reader ${index}`);
});

test("what is no matrix of signed bytes stays as it is", () => {
  const unsigned = new Tensor("uint8", new Uint8Array(70), [7, 10]);
  const constants = new Map([...product().constants, ["w", unsigned] as const]);
  assert.equal(packMatrices(product({ constants })).layouts!.size, 0);
});
