// Small graphs written as text, and the comparison that every pass has to stand: the same results before and after.

import assert from "node:assert/strict";
import type { Attributes, Graph, Node, ValueInfo } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { runGraph } from "../reference/run.ts";
import type { DType } from "../tensor/dtype.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { type Rewrite, removeDead, rewriteNodes } from "./rewrite.ts";

export const OPSET = 17;

/** Repeatable numbers in −2…2. */
export function noise(dims: readonly number[], seed = 1): Tensor<"float32"> {
  let state = seed * 7919;
  const next = () => ((state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x7fffffff) * 4 - 2;
  return new Tensor("float32", Float32Array.from({ length: sizeOf(dims) }, next), dims);
}

export const float = (...values: number[]) => new Tensor("float32", values);
export const scalar = (value: number) => new Tensor("float32", [value], []);
export const int64 = (...values: number[]) => new Tensor("int64", values);

/** A node from "Op: inputs → outputs"; "_" is an input left out. */
export function node(text: string, attributes: Attributes = {}): Node {
  const [op, inputs, outputs] = text.split(/:|→/).map((part) => part.trim());
  const names = (list: string) => list.split(/\s+/).map((name) => (name === "_" ? "" : name));
  return {
    name: outputs,
    op,
    inputs: inputs === "" ? [] : names(inputs),
    outputs: names(outputs),
    attributes,
  };
}

type Dims = readonly (number | string)[];

export interface GraphParts {
  /** Sizes of float32 inputs, or type and sizes; the results must not depend on the names' values. */
  inputs?: Readonly<Record<string, Dims | { dtype: DType; dims: Dims }>>;
  constants?: Readonly<Record<string, Tensor>>;
  nodes: readonly (string | Node)[];
  /** Those of the last node, if not given. */
  outputs?: readonly string[];
}

export function graph({ inputs = {}, constants = {}, nodes, outputs }: GraphParts): Graph {
  const made = nodes.map((each) => (typeof each === "string" ? node(each) : each));
  return {
    name: "test",
    inputs: Object.entries(inputs).map(([name, given]) =>
      "dims" in given ? { name, ...given } : { name, dtype: "float32", dims: given as Dims },
    ),
    outputs: (outputs ?? made.at(-1)!.outputs).map((name) => ({ name, dtype: "float32", dims: undefined })),
    nodes: made,
    constants: new Map(Object.entries(constants)),
  };
}

/** One pass over the graph, and what is dead afterwards removed. */
export function apply(rewrite: Rewrite, before: Graph): Graph {
  return removeDead(rewriteNodes(before, inferShapes(before, { opset: OPSET }), rewrite));
}

export const ops = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

/** Named sizes are 5; whole numbers are 0 to 3. */
export function feedsFor({ inputs }: Graph): Record<string, Tensor> {
  const feed = ({ dtype, dims }: ValueInfo, index: number): Tensor => {
    const floats = noise(
      dims!.map((dim) => (typeof dim === "number" ? dim : 5)),
      index + 1,
    );
    if (dtype === "float32") return floats;
    const whole = floats.numbers().map((x) => (dtype === "bool" ? Number(x > 0) : Math.floor(x + 2)));
    return new Tensor(dtype, whole, floats.dims);
  };
  return Object.fromEntries(inputs.map((input, index) => [input.name, feed(input, index)]));
}

/** @param tolerance largest difference allowed; 0: the same bits */
export function sameResults(before: Graph, after: Graph, tolerance = 0): void {
  const feeds = feedsFor(before);
  const [expected, found] = [before, after].map((each) => runGraph(each, feeds, OPSET));
  for (const [name, tensor] of Object.entries(expected)) {
    assert.deepEqual(found[name].dims, tensor.dims, name);
    const [want, got] = [tensor.numbers(), found[name].numbers()];
    const worst = Math.max(...want.map((value, i) => Math.abs(value - got[i])));
    assert.ok(worst <= tolerance, `${name} differs by ${worst}`);
  }
}

/** A pass turns a graph's operators into those listed, and its results stay what they were. */
export function becomes(rewrite: Rewrite, before: Graph, expected: readonly string[], tolerance = 0): Graph {
  const after = apply(rewrite, before);
  assert.deepEqual(ops(after), expected);
  sameResults(before, after, tolerance);
  return after;
}

/** Passes over the graph until nothing changes, as `optimise` runs them. */
export function settle(before: Graph, ...rewrites: readonly Rewrite[]): Graph {
  const next = rewrites.reduce((each, rewrite) => apply(rewrite, each), before);
  return String(next.nodes.map(({ outputs, op }) => [op, outputs])) ===
    String(before.nodes.map(({ outputs, op }) => [op, outputs]))
    ? next
    : settle(next, ...rewrites);
}

export function stays(rewrite: Rewrite, before: Graph): void {
  assert.deepEqual(ops(apply(rewrite, before)), ops(before));
}
