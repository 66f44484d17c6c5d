import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { OctavoxError } from "../errors.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Attributes, DeclaredDim, Graph, Node } from "./graph.ts";
import { type Fact, inferShapes } from "./infer.ts";

type Step = [op: string, inputs: string, output: string, attributes?: Attributes];

/** A graph of float inputs (or of another type, where the name starts with "i") from short descriptions. */
function graphOf(
  inputs: Record<string, readonly DeclaredDim[] | undefined>,
  steps: readonly Step[],
  constants: Record<string, readonly number[] | number> = {},
): Graph {
  const nodes: Node[] = steps.map(([op, from, to, attributes = {}], i) => ({
    name: `${op}_${i}`,
    op,
    inputs: from.split(" ").map((name) => (name === "_" ? "" : name)),
    outputs: to.split(" "),
    attributes,
  }));
  return {
    name: "test",
    inputs: Object.entries(inputs).map(([name, dims]) => ({
      name,
      dtype: name.startsWith("u8") ? "uint8" : name.startsWith("i") ? "int64" : "float32",
      dims,
    })),
    outputs: [],
    nodes,
    constants: new Map(
      Object.entries(constants).map(([name, value]) => [
        name,
        typeof value === "number" ? new Tensor("int64", [value], []) : new Tensor("int64", value),
      ]),
    ),
  };
}

function show(fact: Fact | undefined): string {
  if (!fact?.dims) return fact ? `${fact.dtype} ?` : "?";
  return `${fact.dtype} [${fact.dims.join(", ")}]${fact.value ? ` = ${fact.value.join(", ")}` : ""}`;
}

function infer(...description: Parameters<typeof graphOf>): (name: string) => string {
  const facts = inferShapes(graphOf(...description), { opset: 17 });
  return (name) => show(facts.get(name));
}

describe("sizes are followed through the computations exporters write", () => {
  test("a reshape to (batch, time, heads, −1) written with Shape, Gather, Concat", () => {
    const at = infer(
      { x: ["batch", "time", 288] },
      [
        ["Shape", "x", "shape"],
        ["Gather", "shape zero", "b", { axis: 0 }],
        ["Gather", "shape one", "t", { axis: 0 }],
        ["Unsqueeze", "b axes", "b1"],
        ["Unsqueeze", "t axes", "t1"],
        ["Concat", "b1 t1 heads open", "to", { axis: 0 }],
        ["Reshape", "x to", "y"],
        ["Transpose", "y", "z", { perm: [0, 2, 1, 3] }],
      ],
      { zero: 0, one: 1, axes: [0], heads: [8], open: [-1] },
    );
    assert.equal(at("to"), "int64 [4] = batch, time, 8, -1");
    assert.equal(at("y"), "float32 [batch, time, 8, 36]");
    assert.equal(at("z"), "float32 [batch, 8, time, 36]");
  });

  test("a range over the length plus a past length", () => {
    const at = infer(
      { x: ["batch", "time"], past: ["batch", 8, "before", 36] },
      [
        ["Shape", "x", "s1"],
        ["Shape", "past", "s2"],
        ["Gather", "s1 one", "t"],
        ["Gather", "s2 two", "p"],
        ["Add", "t p", "total"],
        ["Range", "p total one", "positions"],
        ["Range", "zero two one", "short"],
      ],
      { zero: 0, one: 1, two: 2 },
    );
    assert.equal(at("total"), "int64 [] = before + time");
    assert.equal(at("positions"), "int64 [time]");
    assert.equal(at("short"), "int64 [2] = 0, 1");
  });

  test("an expand to Where(Equal(shape, −1), ones, shape)", () => {
    const at = infer(
      { x: ["batch", 1] },
      [
        ["Shape", "x", "shape"],
        ["Mul", "shape two", "twice"],
        ["ConstantOfShape", "count", "ones", { value: new Tensor("int64", [1]) }],
        ["Equal", "twice minus", "open"],
        ["Where", "open ones twice", "to"],
        ["Expand", "x to", "y"],
      ],
      { two: 2, count: [2], minus: -1 },
    );
    assert.equal(at("open"), "bool [2] = 0, 0");
    assert.equal(at("y"), "float32 [2·batch, 2]");
  });

  test("slices with steps, negative ends and the end of everything", () => {
    const at = infer(
      { x: ["time", 36] },
      [
        ["Slice", "x start far axis step", "even"],
        ["Slice", "x start end axis", "head"],
        ["Shape", "x", "shape"],
        ["Slice", "shape minus far axis0", "last"],
      ],
      { start: [0], far: [2 ** 53 - 1], axis: [1], axis0: [0], step: [2], end: [-4], minus: [-1] },
    );
    assert.equal(at("even"), "float32 [time, 18]");
    assert.equal(at("head"), "float32 [time, 32]");
    assert.equal(at("last"), "int64 [1] = 36");
  });
});

describe("layers", () => {
  test("a convolution's time is an expression of the input's", () => {
    const at = infer({ x: ["batch", 1, "samples"], w: [288, 1, 127], w2: [576, 288, 7] }, [
      ["Conv", "x w", "a", { strides: [64], kernel_shape: [127] }],
      ["Conv", "a w2", "b", { strides: [3], pads: [1, 1] }],
    ]);
    assert.equal(at("a"), "float32 [batch, 288, floor((samples + 1)/64) - 1]");
    assert.equal(at("b"), "float32 [batch, 576, floor((samples + 1)/192) - 1]");
  });

  test("octavox's own operators", () => {
    const at = infer(
      {
        u8: ["batch", "time", 32],
        w: [96, 64],
        s: [],
        q: ["batch", "now", 32],
        k: ["batch", "now", 32],
        past: ["batch", "before", 32],
        i: ["now"],
      },
      [
        ["ConvIntegerToFloat", "u8 w s s", "conv", { kernel_shape: [3], strides: [2], pads: [1, 1] }],
        ["Attention", "q k k past past", "y keys values", { heads: 4, scale: 1 }],
        ["GatherDequantize", "w s s i", "rows"],
      ],
    );
    assert.equal(at("conv"), "float32 [batch, floor((time + 1)/2), 64]");
    assert.equal(at("y"), "float32 [batch, now, 32]");
    assert.equal(at("keys"), "float32 [batch, before + now, 32]");
    assert.equal(at("rows"), "float32 [now, 96]");
  });

  test("recurrent layers, reductions, integer products", () => {
    const at = infer(
      { x: ["time", "batch", 40], w: [2, 256, 40], r: [2, 256, 64], u8a: ["time", 40], u8b: [40, 12] },
      [
        ["LSTM", "x w r", "y h c", { direction: "bidirectional", hidden_size: 64 }],
        ["ReduceMean", "x", "mean", { axes: [-1], keepdims: 0 }],
        ["MatMulInteger", "u8a u8b", "acc"],
        ["DynamicQuantizeLinear", "x", "q scale zero"],
      ],
    );
    assert.equal(at("y"), "float32 [time, 2, batch, 64]");
    assert.equal(at("c"), "float32 [2, batch, 64]");
    assert.equal(at("mean"), "float32 [time, batch]");
    assert.equal(at("acc"), "int32 [time, 12]");
    assert.equal(at("zero"), "uint8 []");
  });

  test("the branches of If agree or leave the shape open", () => {
    const branch = (size: number): Graph => ({
      ...graphOf({}, [["Expand", "x to", "out"]], { to: [2, size] }),
      outputs: [{ name: "out", dtype: "float32", dims: undefined }],
    });
    const at = infer({ x: [1, 1], icondition: [] }, [
      ["If", "icondition", "same", { then_branch: branch(3), else_branch: branch(3) }],
      ["If", "icondition", "open", { then_branch: branch(3), else_branch: branch(4) }],
    ]);
    assert.equal(at("same"), "float32 [2, 3]");
    assert.equal(at("open"), "float32 ?");
  });
});

describe("contradictions and the unknown", () => {
  test("inner sizes that differ are an error that names the node and the shapes", () => {
    assert.throws(
      () => infer({ a: [3, 4], b: [5, 6] }, [["MatMul", "a b", "y"]]),
      (error) =>
        error instanceof OctavoxError &&
        error.code === "shape" &&
        /MatMul_0.*\[3, 4\], \[5, 6\].*4 and 5/.test(error.message),
    );
    assert.throws(() => infer({ a: [3], b: [4] }, [["Add", "a b", "y"]]), OctavoxError);
    assert.throws(() => infer({ a: [3, 5] }, [["Reshape", "a to", "y"]], { to: [4, -1] }), OctavoxError);
  });

  test("operators without a rule leave their outputs, and what follows from them, unknown", () => {
    const at = infer({ a: [3] }, [
      ["Mystery", "a", "b"],
      ["Add", "b a", "c"],
      ["Shape", "c", "d"],
    ]);
    assert.equal(at("b"), "?");
    assert.equal(at("c"), "float32 ?");
    assert.equal(at("d"), "int64 ?");
  });

  test("inputs and their values can be given", () => {
    const graph = graphOf({ x: ["n"], i: [2] }, [["Reshape", "x i", "y"]]);
    const facts = inferShapes(graph, { opset: 17, inputs: { x: [12] }, values: { i: [3, -1] } });
    assert.equal(show(facts.get("y")), "float32 [3, 4]");
  });
});
