import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { OctavoxError } from "../errors.ts";
import { runGraph } from "../reference/run.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import type { KernelChoice } from "./choose.ts";
import { InferenceSession } from "./session.ts";
import { noise } from "./testing.ts";
import { type RandomGraph, randomGraphs } from "./testing-random.ts";

const OPSET = 17;

function feedsOf({ inputs }: RandomGraph, seed: number): Record<string, Tensor> {
  const floats = (dims: readonly number[], at: number) =>
    new Tensor(
      "float32",
      noise(sizeOf(dims), seed + at).map((x) => x * 3),
      dims,
    );
  return Object.fromEntries(inputs.map(({ name, dims }, at) => [name, floats(dims, at)]));
}

/** Every bit, except that all NaNs are one. */
function sameBits(found: Record<string, Tensor>, expected: Record<string, Tensor>): void {
  for (const [name, { dims, data }] of Object.entries(expected)) {
    assert.deepEqual(found[name].dims, dims, name);
    const got = found[name].data;
    const at = (data as Float32Array).findIndex((value, index) => !Object.is(value, got[index]));
    assert.ok(at < 0, `${name}[${at}] is ${got[at]}, not ${data[at]}`);
  }
}

for (const kernels of ["simd", "relaxed", "reference"] as const satisfies readonly KernelChoice[])
  test(`any graph, run twice with "${kernels}", has the reference's bits`, async () => {
    const property = fc.asyncProperty(randomGraphs, async (random) => {
      if (random.graph.outputs.length === 0) return;
      using session = await InferenceSession.create(
        { graphs: [random.graph], opset: OPSET, metadata: {} },
        { kernels },
      );
      for (const seed of [1, 50]) {
        const feeds = feedsOf(random, seed);
        sameBits(await session.run(feeds), runGraph(random.graph, feeds, OPSET));
      }
    });
    await fc.assert(property, { numRuns: kernels === "reference" ? 20 : 60 });
  });

/** The graph with one constant of another shape. */
function misfit({ graph }: RandomGraph, choice: number): RandomGraph["graph"] {
  const [name, { dtype, dims, data }] = [...graph.constants][choice % graph.constants.size];
  const others = [
    [...dims, 2],
    dims.slice(0, -1),
    [3],
    dims.map((dim, axis) => dim + Number(axis === dims.length - 1)),
    dims.map(() => 1),
  ].filter((each) => String(each) !== String(dims));
  const shape = others[choice % others.length];
  const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => Number(data[i % data.length] ?? 0));
  return { ...graph, constants: new Map(graph.constants).set(name, new Tensor(dtype, numbers, shape)) };
}

test("whatever does not fit is a typed error, or has the reference's bits all the same", async () => {
  let refused = 0;
  const property = fc.asyncProperty(randomGraphs, fc.nat(1000), async (random, choice) => {
    if (random.graph.outputs.length === 0 || random.graph.constants.size === 0) return;
    const graph = misfit(random, choice);
    const feeds = feedsOf(random, 1);
    try {
      using session = await InferenceSession.create({ graphs: [graph], opset: OPSET, metadata: {} });
      const results = await session.run(feeds);
      sameBits(results, runGraph(graph, feeds, OPSET));
    } catch (error) {
      if (!(error instanceof OctavoxError)) throw error;
      refused++;
    }
  });
  await fc.assert(property, { numRuns: 150 });
  assert.ok(refused > 20);
});
