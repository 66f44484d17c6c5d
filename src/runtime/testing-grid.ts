// Many nodes in one graph, each with sizes of its own, and their results with every set of kernels against the
// reference's; and the windows that the tests of sliding operators share.

import assert from "node:assert/strict";
import type { Attributes, Graph, Node } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import type { Plan } from "./plan.ts";
import { InferenceSession } from "./session.ts";
import { noise } from "./testing.ts";

/** Nodes that each read an input of their own sizes. */
export class Grid {
  readonly nodes: Node[] = [];
  readonly inputs = new Map<string, Tensor>();
  readonly constants = new Map<string, Tensor>();

  floats(dims: readonly number[]): Tensor {
    return new Tensor("float32", noise(sizeOf(dims), this.constants.size + 1), dims);
  }

  /** Bytes over their whole range, its ends among them. */
  bytes<T extends "uint8" | "int8">(dtype: T, dims: readonly number[]): Tensor<T> {
    const least = dtype === "int8" ? -128 : 0;
    const spread = (x: number): number => Math.min(Math.max(Math.round(140 * (x + 1)) - 10, 0), 255) + least;
    const random = noise(sizeOf(dims), this.constants.size + 5);
    return new Tensor(dtype, Array.from(random, spread), dims);
  }

  /** Over the whole range, its ends among them. */
  shorts(dims: readonly number[]): Tensor<"int16"> {
    const spread = (x: number): number => Math.min(Math.max(Math.round(40000 * x), -32768), 32767);
    return new Tensor("int16", Array.from(noise(sizeOf(dims), this.constants.size + 7), spread), dims);
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

  add(op: string, inputs: readonly string[], attributes: Attributes, results = 1): void {
    const name = `${op} ${this.nodes.length} ${JSON.stringify(attributes)}`;
    const outputs = Array.from({ length: results }, (_, i) => (i === 0 ? name : `${name}, result ${i}`));
    this.nodes.push({ name, op, inputs, outputs, attributes });
  }

  /**
   * Every node's result with each set of kernels has the bits of the reference.
   * @param onKernels whether all of them must run on kernels
   * @param most threads: also with every number up to so many
   */
  async check(onKernels = true, most = 1): Promise<void> {
    const info = ([name, { dtype, dims }]: [string, Tensor]) => ({ name, dtype, dims });
    const names = this.nodes.flatMap(({ outputs }) => outputs);
    const outputs = names.map((name) => ({ name, dtype: "float32" as const, dims: undefined }));
    const graph: Graph = {
      name: "grid",
      inputs: [...this.inputs].map(info),
      outputs,
      nodes: this.nodes,
      constants: this.constants,
    };
    const run = async (kernels: "reference" | "simd" | "relaxed", threads = 1) => {
      using session = await InferenceSession.create(
        { graphs: [graph], opset: 20, metadata: {} },
        { kernels, threads },
      );
      const results = await session.run(Object.fromEntries(this.inputs));
      const { plans } = session as unknown as { plans: { values(): Iterable<Plan> } };
      for (const { usesReference } of plans.values())
        assert.ok(!usesReference || !onKernels || kernels === "reference", "a node is run by the reference");
      return results;
    };
    const expected = await run("reference");
    const more = Array.from({ length: most - 1 }, (_, i) => ["simd", i + 2] as const);
    for (const [kernels, threads] of [["simd", 1] as const, ["relaxed", 1] as const, ...more]) {
      const found = await run(kernels, threads);
      for (const name of names) {
        assert.deepEqual(found[name].dims, expected[name].dims, name);
        assert.deepEqual(found[name].data, expected[name].data, `${kernels}, ${threads} threads: ${name}`);
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
export const cases = [
  ...windows.map((window) => ({ window, space: [5, 6] })),
  ...overTime.map((window) => ({ window, space: [9] })),
];
export const placesOf = (window: Attributes): number => sizeOf(window.kernel_shape as number[]);
