import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { Tensor } from "../tensor/tensor.ts";
import { foldConstants } from "./fold.ts";
import { removeDead } from "./rewrite.ts";
import { float, floats, type GraphText, graphOf, int, ints, opset, opsOf, sameResults } from "./testing.ts";

function fold(text: GraphText, worthBytes?: number): { before: Graph; after: Graph } {
  const before = graphOf(text);
  return { before, after: foldConstants(before, inferShapes(before, { opset }), opset, worthBytes) };
}

describe("what is computed when the model is converted", () => {
  test("nodes whose inputs are all constants", () => {
    const { before, after } = fold({
      inputs: { x: [3] },
      nodes: [
        ["Mul", "a b", "ab"],
        ["Exp", "ab", "e"],
        ["Add", "x e", "y"],
      ],
      constants: { a: float([1, 2, 3]), b: float(0.5) },
    });
    assert.equal(opsOf(after), "Add");
    sameResults(before, after);
  });

  test("sizes that shape inference knows, of values that are not constant at all", () => {
    const { before, after } = fold({
      inputs: { x: ["time", 8] },
      nodes: [
        ["Shape", "x", "shape"],
        ["Gather", "shape one", "width"],
        ["Unsqueeze", "width zero", "width1"],
        ["Concat", "open width1", "to", { axis: 0 }],
        ["Reshape", "x to", "y"],
      ],
      constants: { one: int(1), zero: ints(0), open: ints(-1) },
    });
    assert.equal(opsOf(removeDead(after)), "Reshape");
    sameResults(before, after);
  });

  test("outputs of the graph, which then are constants", () => {
    const { before, after } = fold({ nodes: [["Neg", "a", "y"]], constants: { a: float([1, 2]) } });
    assert.equal(after.nodes.length, 0);
    sameResults(before, after);
  });
});

describe("what is left to the run", () => {
  test("whatever depends on an input's elements or an open size", () => {
    const { after } = fold({
      inputs: { x: ["time", 8] },
      nodes: [
        ["Shape", "x", "shape"],
        ["Cast", "shape", "sizes", { to: 1 }],
        ["ReduceSum", "x axes", "sum"],
        ["Add", "sum k", "y"],
      ],
      constants: { axes: ints(0), k: float(1) },
      outputs: "sizes y",
    });
    assert.equal(opsOf(after), "Shape Cast ReduceSum Add");
  });

  test("results that are larger than allowed and than what they are made of", () => {
    const text: GraphText = {
      nodes: [["DequantizeLinear", "q scale", "y"]],
      constants: { q: new Tensor("int8", new Int8Array(2000)), scale: float(2) },
    };
    assert.equal(opsOf(fold(text).after), "DequantizeLinear");
    assert.equal(opsOf(fold(text, 8000).after), "");
  });

  test("but larger ones that take no more than what they are made of are folded", () => {
    const { after } = fold({
      nodes: [["Transpose", "w", "y", { perm: [1, 0] }]],
      constants: { w: floats([60, 70]) },
    });
    assert.equal(opsOf(after), "");
    assert.deepEqual(after.constants.get("y")!.dims, [70, 60]);
  });

  test("operators that no one here knows, and nodes with branches", () => {
    const inner = graphOf({ nodes: [["Neg", "a", "b"]], constants: { a: float(1) } });
    const { after } = fold({
      nodes: [
        ["Mystery", "a", "m"],
        ["If", "yes", "y", { then_branch: inner, else_branch: inner }],
      ],
      constants: { a: float(1), yes: new Tensor("bool", [1], []) },
    });
    assert.equal(opsOf(after), "Mystery If");
  });
});
