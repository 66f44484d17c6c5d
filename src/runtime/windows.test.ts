// Operators that slide windows: the kernels against the reference for a grid of small shapes, many nodes in one graph.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Attributes, Graph, Node } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { InferenceSession } from "./session.ts";
import { noise } from "./testing.ts";

/** Nodes that each read an input of their own sizes. */
class Grid {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Tensor>();
  readonly constants = new Map<string, Tensor>();

  floats(dims: readonly number[]): Tensor {
    return new Tensor("float32", noise(sizeOf(dims), this.constants.size + 1), dims);
  }

  /** A value by its contents: an input the first time it is seen. */
  input(tensor: Tensor): string {
    const name = `x${tensor.dtype}${tensor.dims}`;
    if (!this.inputs.has(name)) this.inputs.set(name, tensor);
    return name;
  }

  constant(tensor: Tensor): string {
    const name = `c${this.constants.size}`;
    this.constants.set(name, tensor);
    return name;
  }

  add(op: string, inputs: readonly string[], attributes: Attributes): void {
    const name = `${op} ${this.nodes.length} ${JSON.stringify(attributes)}`;
    this.nodes.push({ name, op, inputs, outputs: [name], attributes });
  }

  /** Every node's result with each set of kernels has the bits of the reference, and all of them run on kernels. */
  async check(): Promise<void> {
    const info = ([name, { dtype, dims }]: [string, Tensor]) => ({ name, dtype, dims });
    const outputs = this.nodes.map(({ name }) => ({ name, dtype: "float32" as const, dims: undefined }));
    const graph: Graph = {
      name: "grid",
      inputs: [...this.inputs].map(info),
      outputs,
      nodes: this.nodes,
      constants: this.constants,
    };
    const run = async (kernels: "reference" | "simd" | "relaxed") => {
      using session = await InferenceSession.create(
        { graphs: [graph], opset: 20, metadata: {} },
        { kernels },
      );
      return await session.run(Object.fromEntries(this.inputs));
    };
    const expected = await run("reference");
    for (const kernels of ["simd", "relaxed"] as const) {
      const found = await run(kernels);
      for (const { name } of this.nodes) {
        assert.deepEqual(found[name].dims, expected[name].dims, name);
        assert.deepEqual(found[name].data, expected[name].data, `${kernels}: ${name}`);
      }
    }
  }
}

/** Kernel, strides, dilations and pads over two axes. */
const windows: readonly Attributes[] = [
  { kernel_shape: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] },
  { kernel_shape: [1, 1], strides: [2, 3], dilations: [1, 1], pads: [0, 0, 0, 0] },
  { kernel_shape: [3, 3], strides: [1, 1], dilations: [1, 1], pads: [1, 1, 1, 1] },
  { kernel_shape: [3, 2], strides: [2, 1], dilations: [1, 2], pads: [0, 2, 1, 0] },
  { kernel_shape: [2, 3], strides: [1, 2], dilations: [3, 1], pads: [2, 0, 0, 0] },
  { kernel_shape: [1, 4], strides: [1, 2], dilations: [1, 1], pads: [0, 1, 0, 2] },
  { kernel_shape: [2, 6], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] },
  { kernel_shape: [5, 6], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] },
  { kernel_shape: [5, 1], strides: [3, 1], dilations: [1, 1], pads: [2, 0, 2, 0] },
];
const overTime: readonly Attributes[] = [
  { kernel_shape: [3], strides: [1], dilations: [1], pads: [0, 0] },
  { kernel_shape: [4], strides: [2], dilations: [1], pads: [3, 0] },
  { kernel_shape: [3], strides: [1], dilations: [2], pads: [4, 0] },
  { kernel_shape: [9], strides: [1], dilations: [1], pads: [0, 0] },
];
const cases = [
  ...windows.map((window) => ({ window, space: [5, 6] })),
  ...overTime.map((window) => ({ window, space: [9] })),
];
const placesOf = (window: Attributes): number => sizeOf(window.kernel_shape as number[]);

test("convolutions in float have the reference's bits for all windows, groups and widths", async () => {
  const grid = new Grid();
  for (const { window, space } of cases)
    for (const [channels, out, group] of [
      [1, 5, 1],
      [3, 8, 1],
      [8, 17, 1],
      [6, 9, 3],
      [4, 8, 4],
    ]) {
      const x = grid.input(grid.floats([2, ...space, channels]));
      const w = grid.constant(grid.floats([(placesOf(window) * channels) / group, out]));
      const bias = out % 2 ? [grid.constant(grid.floats([out]))] : [];
      const limits = out === 8 ? { low: -0.5, high: 0.75 } : {};
      grid.add("ConvFloat", [x, w, ...bias], { ...window, group, ...limits });
    }
  await grid.check();
});

test("depthwise convolutions in float have the reference's bits for all windows and widths", async () => {
  const grid = new Grid();
  for (const { window, space } of cases)
    for (const channels of [1, 3, 4, 16, 23]) {
      const x = grid.input(grid.floats([2, ...space, channels]));
      const w = grid.constant(grid.floats([placesOf(window), channels]));
      const bias = channels % 2 ? [grid.constant(grid.floats([channels]))] : [];
      grid.add("DepthwiseConvFloat", [x, w, ...bias], channels === 16 ? { ...window, low: 0 } : window);
    }
  await grid.check();
});

test("pools have the reference's bits for all windows, widths and types", async () => {
  const grid = new Grid();
  for (const { window, space } of cases)
    for (const channels of [1, 5, 16, 35]) {
      const floats = grid.floats([2, ...space, channels]);
      const integers = floats.numbers().map((value) => Math.round(127 * value));
      const x = grid.input(floats);
      grid.add("AveragePoolChannelsLast", [x], { ...window, count_include_pad: channels % 2 });
      for (const tensor of [
        floats,
        new Tensor("int8", integers, floats.dims),
        new Tensor(
          "uint8",
          integers.map((value) => value + 128),
          floats.dims,
        ),
      ])
        grid.add("MaxPoolChannelsLast", [grid.input(tensor)], window);
    }
  await grid.check();
});
