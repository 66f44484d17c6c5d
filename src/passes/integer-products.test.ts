import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Tensor } from "../tensor/tensor.ts";
import { convChannelsLast } from "./channels-last.ts";
import {
  fuseBias,
  fuseMatMulInteger,
  quantizeConv,
  quantizeGather,
  quantizeMatMul,
} from "./integer-products.ts";
import { packMatrices } from "./panels.ts";
import { apply, becomes, graph, node, noise, ops, sameResults, scalar, stays } from "./testing-text.ts";

const bytes = (dtype: "int8" | "uint8", dims: readonly number[], seed = 9) =>
  new Tensor(
    dtype,
    noise(dims, seed)
      .numbers()
      .map((x) => Math.round(x * 60) + (dtype === "uint8" ? 128 : 0)),
    dims,
  );

describe("a product of integers written out", () => {
  const written = (dtype: "int8" | "uint8", outputs: readonly string[] = ["y"]) =>
    graph({
      inputs: { x: [3, 8] },
      constants: {
        w: bytes(dtype, [8, 5]),
        ws: scalar(0.01),
        wz: new Tensor(dtype, [dtype === "uint8" ? 120 : 4], []),
      },
      nodes: [
        "DynamicQuantizeLinear: x → q s z",
        "MatMulInteger: q w z wz → i",
        node("Cast: i → f", { to: 1 }),
        ...["Mul: s ws → k", "Mul: f k → y"],
      ],
      outputs,
    });

  for (const dtype of ["int8", "uint8"] as const)
    test(`becomes one, for ${dtype} weights, with the same bits`, () => {
      becomes(fuseMatMulInteger(new Map()), written(dtype), [
        "DynamicQuantizeLinear",
        "MatMulIntegerToFloat",
      ]);
    });

  test("keeps a scale and a zero point for each column", () => {
    const each = graph({
      inputs: { x: [3, 8] },
      constants: {
        w: bytes("int8", [8, 5]),
        ws: new Tensor("float32", [0.01, 0.02, 0.03, 0.04, 0.05]),
        wz: new Tensor("int8", [-5, 0, 5, 10, 127]),
      },
      nodes: [
        "DynamicQuantizeLinear: x → q s z",
        "MatMulInteger: q w z wz → i",
        node("Cast: i → f", { to: 1 }),
        ...["Mul: ws s → k", "Mul: k f → y"],
      ],
    });
    becomes(fuseMatMulInteger(new Map()), each, ["DynamicQuantizeLinear", "MatMulIntegerToFloat"]);
  });

  test("stays when the zero point or the scale is not that of the quantization, or the weights are computed", () => {
    const other = (product: string, scales = "Mul: s ws → k", constants: Record<string, Tensor> = {}) =>
      graph({
        inputs: { x: [3, 8], z2: { dtype: "uint8", dims: [] }, w2: { dtype: "int8", dims: [8, 5] } },
        constants: {
          w: bytes("int8", [8, 5]),
          ws: scalar(0.01),
          wz: new Tensor("int8", [4], []),
          ...constants,
        },
        nodes: [
          "DynamicQuantizeLinear: x → q s z",
          product,
          node("Cast: i → f", { to: 1 }),
          ...[scales, "Mul: f k → y"],
        ],
      });
    const rewrite = () => fuseMatMulInteger(new Map());
    stays(rewrite(), other("MatMulInteger: q w → i"));
    stays(rewrite(), other("MatMulInteger: q w z2 wz → i"));
    stays(rewrite(), other("MatMulInteger: q w2 z wz → i"));
    stays(rewrite(), other("MatMulInteger: q w z wz → i", "Mul: ws ws → k"));
    stays(rewrite(), other("MatMulInteger: q w z wz → i", undefined, { ws: noise([3, 1]) }));
    const bare = other("MatMulInteger: q w z → i");
    becomes(rewrite(), bare, ["DynamicQuantizeLinear", "MatMulIntegerToFloat"]);
  });

  test("leaves the sum there for those who want it", () => {
    const after = apply(fuseMatMulInteger(new Map()), written("int8", ["y", "f"]));
    assert.deepEqual(ops(after), ["DynamicQuantizeLinear", "MatMulInteger", "Cast", "MatMulIntegerToFloat"]);
  });

  test("takes the bias in, unless it is no vector of the columns or the product is used elsewhere", () => {
    const biased = (b: Tensor, outputs = ["y"]) => {
      const { constants, nodes, ...rest } = apply(fuseMatMulInteger(new Map()), written("int8", ["y"]));
      const renamed = nodes.map((each) => ({
        ...each,
        outputs: each.outputs.map((name) => (name === "y" ? "p" : name)),
      }));
      const output = outputs.map((name) => ({ name, dtype: "float32" as const, dims: undefined }));
      const all = [...renamed, node("Add: b p → y")];
      return { ...rest, constants: new Map([...constants, ["b", b] as const]), nodes: all, outputs: output };
    };
    becomes(fuseBias, biased(noise([5], 2)), ["DynamicQuantizeLinear", "MatMulIntegerToFloat"]);
    stays(fuseBias, biased(noise([1], 2)));
    stays(fuseBias, biased(noise([5], 2), ["y", "p"]));
  });
});

describe("weights that are dequantized before a product", () => {
  const constants = {
    w: bytes("int8", [8, 5]),
    t: bytes("uint8", [5, 8]),
    s: scalar(0.02),
    z: new Tensor("int8", [3], []),
  };
  const uz = new Tensor("uint8", [130], []);

  test("stay in 8 bits, as they are or transposed", () => {
    const plain = graph({
      ...{ inputs: { x: [3, 8] }, constants, outputs: ["y"] },
      nodes: ["DequantizeLinear: w s z → d", "MatMul: x d → y"],
    });
    const quantized = ["DynamicQuantizeLinear", "MatMulIntegerToFloat"];
    becomes(quantizeMatMul(new Map()), plain, quantized, 0.15);
    const turned = graph({
      ...{ inputs: { x: [3, 8] }, constants: { ...constants, uz }, outputs: ["y"] },
      nodes: [node("Transpose: t → k", { perm: [1, 0] }), "DequantizeLinear: k s uz → d", "MatMul: x d → y"],
    });
    becomes(quantizeMatMul(new Map()), turned, quantized, 0.15);
  });

  test("read what was quantized on the fly as it was, with a scale for each column", () => {
    const columns = new Tensor("float32", [0.02, 0.01, 0.03, 0.02, 0.05], [5]);
    const given = graph({
      ...{ inputs: { x: [3, 8] }, constants: { ...constants, columns }, outputs: ["y"] },
      nodes: [
        "DynamicQuantizeLinear: x → q a b",
        "DequantizeLinear: q a b → r",
        node("DequantizeLinear: w columns → d", { axis: 1 }),
        "MatMul: r d → y",
      ],
    });
    becomes(quantizeMatMul(new Map(), true), given, ["DynamicQuantizeLinear", "MatMulIntegerToFloat"], 1e-5);
  });

  test("leave an input on its fixed grid, and one in float where nothing more is to be quantized", () => {
    const fixed = graph({
      ...{ inputs: { x: [3, 8] }, constants: { ...constants, uz }, outputs: ["y"] },
      nodes: [
        "QuantizeLinear: x s uz → q",
        "DequantizeLinear: q s uz → r",
        "DequantizeLinear: w s z → d",
        "MatMul: r d → y",
      ],
    });
    stays(quantizeMatMul(new Map()), fixed);
    const plain = graph({
      ...{ inputs: { x: [3, 8] }, constants, outputs: ["y"] },
      nodes: ["DequantizeLinear: w s z → d", "MatMul: x d → y"],
    });
    stays(quantizeMatMul(new Map(), true), plain);
  });

  test("stay in 8 bits when cast, scaled and moved by whole steps", () => {
    const moved = (dtype: "int8" | "uint8", steps: number, scale = 0.02) =>
      graph({
        inputs: { x: [3, 8] },
        constants: { w: bytes(dtype, [8, 5]), s: scalar(scale), o: scalar(-scale * steps) },
        nodes: [node("Cast: w → c", { to: 1 }), "Mul: c s → m", "Add: m o → d", "MatMul: x d → y"],
      });
    const quantized = ["DynamicQuantizeLinear", "MatMulIntegerToFloat"];
    becomes(quantizeMatMul(new Map()), moved("uint8", 130), quantized, 0.15);
    becomes(quantizeMatMul(new Map()), moved("int8", -100), quantized, 0.3);
    stays(quantizeMatMul(new Map()), moved("uint8", 130.3));
    stays(quantizeMatMul(new Map()), moved("uint8", -5));
    stays(quantizeMatMul(new Map()), moved("int8", 200));
  });

  test("read with two scales keep both, and are stored once", () => {
    const two = graph({
      inputs: { x: [3, 8] },
      constants: {
        w: bytes("int8", [8, 5]),
        s: scalar(0.02),
        t: scalar(0.04),
        z: new Tensor("int8", [3], []),
      },
      nodes: [
        ...["DequantizeLinear: w s z → d", "MatMul: x d → a"],
        ...["DequantizeLinear: w t z → e", "MatMul: x e → b", "Sub: a b → y"],
      ],
    });
    const after = apply(quantizeMatMul(new Map()), two);
    sameResults(two, after, 0.3);
    const products = after.nodes.filter(({ op }) => op === "MatMulIntegerToFloat");
    assert.equal(products.length, 2);
    assert.equal(products[0].inputs[1], products[1].inputs[1]);
  });

  test("are left alone when they are no constants of 8 bits", () => {
    const computed = graph({
      ...{ inputs: { x: [3, 8], w: [8, 5] }, outputs: ["y"] },
      nodes: ["MatMul: x w → y"],
    });
    stays(quantizeMatMul(new Map()), computed);
  });

  test("are looked up without being expanded, from the matrix that the output product uses", () => {
    const both = graph({
      inputs: { x: [3, 8] },
      constants: { ...constants, uz, i: new Tensor("int64", [4, 0, 2]) },
      nodes: [
        ...["Gather: t i → g", "DequantizeLinear: g s uz → e", "Add: e x → h"],
        node("Transpose: t → k", { perm: [1, 0] }),
        ...["DequantizeLinear: k s uz → d", "MatMul: h d → y"],
      ],
      outputs: ["y"],
    });
    const cache = new Map();
    const looked = becomes(
      quantizeGather(cache),
      both,
      ["GatherDequantize", "Add", "Transpose", "DequantizeLinear", "MatMul"],
      1e-6,
    );
    const after = becomes(
      quantizeMatMul(cache),
      looked,
      ["GatherDequantize", "Add", "DynamicQuantizeLinear", "MatMulIntegerToFloat"],
      0.3,
    );
    assert.equal(after.nodes[0].inputs[0], after.nodes[3].inputs[1]);
    const packed = packMatrices(after);
    assert.deepEqual([...packed.layouts!.values()], [{ layout: "panels", dims: [8, 5] }]);
  });
});

describe("convolutions over time", () => {
  const written = (weights: string, attributes = {}) =>
    graph({
      inputs: { x: [1, 3, 20], v: [4, 3, 5] },
      constants: {
        w: bytes("int8", [4, 3, 5]),
        s: scalar(0.02),
        z: new Tensor("int8", [0], []),
        b: noise([4], 5),
      },
      nodes: [
        "DequantizeLinear: w s z → d",
        node(`Conv: x ${weights} b → y`, { strides: [2], pads: [2, 1], ...attributes }),
      ],
      outputs: ["y"],
    });

  test("with weights of 8 bits become two products of integers, nearly as exact as floats", () => {
    const after = apply(quantizeConv(new Map()), written("d"));
    assert.equal(ops(after).filter((op) => op === "ConvIntegerToFloat").length, 2);
    sameResults(written("d"), after, 2e-3);
  });

  test("of floats become products with channels last", () => {
    const expected = ["Transpose", "Reshape", "Transpose", "ConvFloat", "Transpose"];
    becomes(convChannelsLast, written("v"), expected, 1e-5);
  });

  test("whose weights are turned first stay", () => {
    const turned = graph({
      inputs: { x: [1, 3, 20] },
      constants: { w: bytes("int8", [3, 4, 5]), s: scalar(0.02), z: new Tensor("int8", [0], []) },
      nodes: [
        node("Transpose: w → t", { perm: [1, 0, 2] }),
        "DequantizeLinear: t s z → d",
        node("Conv: x d → y", { strides: [2] }),
      ],
    });
    stays(quantizeConv(new Map()), turned);
  });

  test("in groups stay", () => {
    const grouped = graph({
      inputs: { x: [1, 4, 20] },
      constants: { w: bytes("int8", [4, 2, 5]), s: scalar(0.02), z: new Tensor("int8", [0], []) },
      nodes: ["DequantizeLinear: w s z → d", node("Conv: x d → y", { group: 2 })],
    });
    stays(quantizeConv(new Map()), grouped);
  });

  test("that are dilated stay", () => {
    stays(quantizeConv(new Map()), written("d", { dilations: [2] }));
  });
});
