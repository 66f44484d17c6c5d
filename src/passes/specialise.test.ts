import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Graph } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import { Tensor } from "../tensor/tensor.ts";
import { bindInputs, bindSizes, inlineBranches } from "./specialise.ts";
import { float, graphOf, opset, opsOf } from "./testing.ts";

const truth = (value: boolean) => new Tensor("bool", [value ? 1 : 0], []);

/** A branch that adds a constant to the x around it. */
const branch = (add: number, output = "b"): Graph =>
  graphOf({ nodes: [["Add", "x k", output]], constants: { k: float(add) } });

const either = graphOf({
  inputs: { x: ["n"], yes: { dtype: "bool", dims: [] } },
  nodes: [["If", "yes", "y", { then_branch: branch(1), else_branch: branch(2) }]],
});

const evaluate = (graph: Graph) => runGraph(graph, { x: float([10, 20]) }, opset);

describe("a bound input", () => {
  test("is a constant, and no input any more", () => {
    const bound = bindInputs(either, { yes: truth(true) });
    assert.deepEqual(
      bound.inputs.map(({ name }) => name),
      ["x"],
    );
    assert.equal(bound.constants.get("yes")!.data[0], 1);
    assert.equal(either.constants.size, 0);
  });

  test("leaves inputs alone that are called like what every object has", () => {
    const odd = graphOf({ inputs: { constructor: [1] }, nodes: [["Neg", "constructor", "y"]] });
    assert.equal(bindInputs(odd, {}).inputs.length, 1);
  });
});

test("a bound size is a number in inputs and outputs, other names stay", () => {
  const graph: Graph = {
    ...either,
    inputs: [{ name: "x", dtype: "float32", dims: ["batch", "toString", 3] }],
    outputs: [{ name: "y", dtype: "float32", dims: ["batch", "time"] }],
  };
  const bound = bindSizes(graph, { batch: 1 });
  assert.deepEqual(
    [bound.inputs[0].dims, bound.outputs[0].dims],
    [
      [1, "toString", 3],
      [1, "time"],
    ],
  );
});

describe("an If", () => {
  test("whose condition is known becomes the branch it takes", () => {
    for (const [yes, expected] of [
      [true, [11, 21]],
      [false, [12, 22]],
    ] as const) {
      const plain = inlineBranches(bindInputs(either, { yes: truth(yes) }));
      assert.ok(!opsOf(plain).includes("If"));
      assert.deepEqual(evaluate(plain).y.numbers(), expected);
    }
  });

  test("whose condition is not known stays", () => {
    assert.equal(opsOf(inlineBranches(either)), "If");
  });

  test("inside a branch that is taken is resolved too", () => {
    const outer = graphOf({
      inputs: { x: ["n"], yes: { dtype: "bool", dims: [] } },
      nodes: [["If", "yes", "y", { then_branch: { ...either, inputs: [] }, else_branch: branch(0) }]],
    });
    const plain = inlineBranches(bindInputs(outer, { yes: truth(true) }));
    assert.ok(!opsOf(plain).includes("If"));
    assert.deepEqual(evaluate(plain).y.numbers(), [11, 21]);
  });

  test("may use names inside that another uses inside", () => {
    const graph = graphOf({
      inputs: { x: ["n"], yes: { dtype: "bool", dims: [] } },
      nodes: [
        ["If", "yes", "p", { then_branch: branch(1), else_branch: branch(2) }],
        ["If", "yes", "q", { then_branch: branch(3), else_branch: branch(4) }],
        ["Mul", "p q", "y"],
      ],
    });
    const plain = inlineBranches(bindInputs(graph, { yes: truth(true) }));
    assert.deepEqual(evaluate(plain).y.numbers(), [11 * 13, 21 * 23]);
    assert.equal(new Set(plain.nodes.flatMap((node) => node.outputs)).size, plain.nodes.length);
  });
});
