// A small model with everything a packed file can hold, for tests: subgraphs, odd numbers, every kind of tensor.

import { packNibbles, packPanels } from "../kernels/layout.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Graph, Model } from "./graph.ts";

const shared = new Tensor("float32", [1, -2.5, Number.NaN, Number.POSITIVE_INFINITY, -0, 3e-40]);
/** 5×6 */
export const matrix = Int8Array.from({ length: 5 * 6 }, (_, i) => i - 15);

const halves = matrix.map((x) => x >> 1);

export const branch: Graph = {
  name: "branch",
  inputs: [],
  outputs: [{ name: "b", dtype: "float32", dims: undefined }],
  nodes: [{ name: "id", op: "Identity", inputs: ["x"], outputs: ["b"], attributes: {} }],
  constants: new Map([["c", shared]]),
};

export const encoder: Graph = {
  name: "encoder",
  inputs: [
    { name: "x", dtype: "float32", dims: ["batch", 6] },
    { name: "past", dtype: "float32", dims: undefined },
  ],
  outputs: [
    { name: "y", dtype: "float32", dims: ["batch", 6] },
    { name: "now", dtype: "float32", dims: [] },
  ],
  nodes: [
    { name: "add", op: "Add", inputs: ["x", "w"], outputs: ["z"], attributes: {} },
    {
      name: "odd",
      op: "Mystery",
      inputs: ["z", "", "12"],
      outputs: ["y", "", "now"],
      attributes: {
        alpha: 0.1,
        lowest: Number.NEGATIVE_INFINITY,
        axes: [-1, -0, 3],
        none: [],
        mode: "linear",
        names: ["a", "b"],
        value: new Tensor("int64", [2 ** 40]),
        body: branch,
        ["__proto__"]: 3,
      },
    },
  ],
  constants: new Map<string, Tensor>([
    ["w", shared],
    ["same", new Tensor("float32", shared.data)],
    ["12", new Tensor("float16", [0.5, 65504, -0])],
    ["nibbles", new Tensor("int4", [-8, 7, 3], [3, 1])],
    ["flags", new Tensor("bool", [1, 0])],
    ["nothing", new Tensor("int32", [], [0, 5])],
    ["scalar", new Tensor("uint8", [7], [])],
  ]),
};

const decoder: Graph = {
  name: "decoder",
  inputs: [{ name: "x", dtype: "float32", dims: ["batch", 5] }],
  outputs: [{ name: "y", dtype: "float32", dims: ["batch", 6] }],
  nodes: [{ name: "product", op: "MatMul", inputs: ["x", "m"], outputs: ["y"], attributes: {} }],
  constants: new Map<string, Tensor>([
    ["m", new Tensor("int8", packPanels(matrix, 5, 6))],
    ["m4", new Tensor("uint8", packNibbles(halves, 5, 6))],
    ["w", shared],
  ]),
  layouts: new Map([
    ["m", { layout: "panels" as const, dims: [5, 6] as const }],
    ["m4", { layout: "panels" as const, dims: [5, 6] as const }],
  ]),
};

export const model: Model = {
  graphs: [encoder, decoder],
  opset: 17,
  states: [{ name: "memory", input: "past", output: "now" }],
  metadata: { sampleRate: 16000, tokens: ["▁the", "é", "\n"], nested: { a: [1, null, true] } },
};
