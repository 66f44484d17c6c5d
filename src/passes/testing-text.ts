// Small graphs written as text, and the comparison that every pass has to stand: the same results before and after.

import assert from "node:assert/strict";
import type { Attributes, Graph, Node } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { runGraph } from "../reference/run.ts";
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

export function graph(parts: {
  /** Sizes of float32 inputs; the results must not depend on the names' values. */
  inputs: Readonly<Record<string, readonly (number | string)[]>>;
  constants?: Readonly<Record<string, Tensor>>;
  nodes: readonly (string | Node)[];
  outputs: readonly string[];
}): Graph {
  return {
    name: "test",
    inputs: Object.entries(parts.inputs).map(([name, dims]) => ({ name, dtype: "float32", dims })),
    outputs: parts.outputs.map((name) => ({ name, dtype: "float32", dims: undefined })),
    nodes: parts.nodes.map((each) => (typeof each === "string" ? node(each) : each)),
    constants: new Map(Object.entries(parts.constants ?? {})),
  };
}

/** One pass over the graph, and what is dead afterwards removed. */
export function apply(rewrite: Rewrite, before: Graph): Graph {
  return removeDead(rewriteNodes(before, inferShapes(before, { opset: OPSET }), rewrite));
}

export const ops = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

/** Named sizes are 5. */
export function feedsFor({ inputs }: Graph): Record<string, Tensor> {
  const dims = (given: readonly (number | string)[]) =>
    given.map((dim) => (typeof dim === "number" ? dim : 5));
  return Object.fromEntries(inputs.map((input, i) => [input.name, noise(dims(input.dims!), i + 1)]));
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

export function stays(rewrite: Rewrite, before: Graph): void {
  assert.deepEqual(ops(apply(rewrite, before)), ops(before));
}
