import assert from "node:assert/strict";
import { test } from "node:test";
import type { Graph, Node } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import { InferenceSession } from "./session.ts";
import { noise } from "./testing.ts";

const [CHANNELS, OUT, WIDTH, STRIDE] = [3, 10, 4, 2];
const bytes = (dtype: "uint8" | "int8", dims: readonly number[], seed: number) => {
  const least = dtype === "int8" ? -127 : 0;
  const size = dims.reduce((product, dim) => product * dim, 1);
  return new Tensor(
    dtype,
    Array.from(noise(size, seed), (x) => Math.round((x + 1) * 127) + least),
    dims,
  );
};
const scalar = (dtype: "float32" | "uint8" | "int8", value: number) => new Tensor(dtype, [value], []);

/** Two convolutions, the second of which adds the result of the first. */
function graphOf(time: number): Graph {
  const convolution = (x: string, output: string, more: readonly string[]): Node => ({
    name: output,
    op: "ConvIntegerToFloat",
    inputs: [x, "w", "scale", "scales", "zero", "zeros", ...more],
    outputs: [output],
    attributes: { kernel_shape: [WIDTH], strides: [STRIDE], pads: [1, 0], dilations: [1] },
  });
  return {
    name: "g",
    inputs: ["a", "b"].map((name) => ({ name, dtype: "uint8", dims: [2, time, CHANNELS] })),
    outputs: [{ name: "y", dtype: "float32", dims: undefined }],
    nodes: [convolution("a", "coarse", ["bias"]), convolution("b", "y", ["", "coarse"])],
    constants: new Map<string, Tensor>([
      ["w", bytes("int8", [WIDTH * CHANNELS, OUT], 3)],
      ["scale", scalar("float32", 0.01)],
      ["scales", new Tensor("float32", noise(OUT, 4), [OUT])],
      ["zero", scalar("uint8", 7)],
      ["zeros", scalar("int8", 5)],
      ["bias", new Tensor("float32", noise(OUT, 5), [OUT])],
    ]),
  };
}

test("a convolution that adds to another's result has the reference's bits, for any number of rows and threads", async () => {
  for (const time of [5, 300, 2500]) {
    const model = { graphs: [graphOf(time)], opset: 20, metadata: {} };
    const feeds = { a: bytes("uint8", [2, time, CHANNELS], 1), b: bytes("uint8", [2, time, CHANNELS], 2) };
    using reference = await InferenceSession.create(model, { kernels: "reference" });
    const { y } = await reference.run(feeds);
    for (const [kernels, threads] of [
      ["simd", 1] as const,
      ["relaxed", 1] as const,
      ["relaxed", 2] as const,
    ]) {
      using session = await InferenceSession.create(model, { kernels, threads });
      assert.deepEqual((await session.run(feeds)).y, y, `${time} with ${kernels}, ${threads}`);
    }
  }
});

test("what is added must have the result's sizes", async () => {
  const graph = graphOf(9);
  const [first, second] = graph.nodes;
  const nodes = [first, { ...second, inputs: second.inputs.with(7, "bias") }];
  using session = await InferenceSession.create({ graphs: [{ ...graph, nodes }], opset: 20, metadata: {} });
  const feeds = { a: bytes("uint8", [2, 9, CHANNELS], 1), b: bytes("uint8", [2, 9, CHANNELS], 2) };
  await assert.rejects(session.run(feeds), { code: "shape", message: /input 7 as \[2,4,10\]/ });
});
