// Padding by values of the input: the kernels' bytes against the reference.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { InferenceSession } from "./session.ts";

/** Sizes, and pads before and after each axis. */
const cases: readonly (readonly [dims: readonly number[], pads: readonly number[]])[] = [
  [
    [1, 7],
    [0, 3, 0, 0],
  ],
  [
    [2, 5],
    [0, 0, 0, 4],
  ],
  [
    [3, 4, 2],
    [0, 2, 0, 0, 3, 0],
  ],
  [
    [3, 2],
    [2, 0, 1, 0],
  ],
  [
    [4, 3],
    [1, 1, 0, 2],
  ],
];

for (const mode of ["reflect", "edge", "constant"])
  test(`Pad by ${mode} has the reference's values, along one axis or several`, async () => {
    for (const [dims, pads] of cases) {
      const graph: Graph = {
        name: "pad",
        inputs: [{ name: "x", dtype: "float32", dims }],
        outputs: [{ name: "y", dtype: "float32", dims: undefined }],
        nodes: [{ name: "pad", op: "Pad", inputs: ["x", "pads"], outputs: ["y"], attributes: { mode } }],
        constants: new Map([["pads", new Tensor("int64", pads)]]),
      };
      const count = dims.reduce((product, dim) => product * dim, 1);
      const x = new Tensor(
        "float32",
        Float32Array.from({ length: count }, (_, i) => i + 0.5),
        dims,
      );
      const [found, expected] = await Promise.all(
        (["simd", "reference"] as const).map(async (kernels) => {
          using session = await InferenceSession.create(
            { graphs: [graph], opset: 17, metadata: {} },
            { kernels },
          );
          return (await session.run({ x })).y;
        }),
      );
      assert.deepEqual(found, expected, `${mode} ${dims} by ${pads}`);
    }
  });
