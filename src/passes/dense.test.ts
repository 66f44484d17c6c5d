import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { splitGemm } from "./dense.ts";
import { optimise } from "./optimise.ts";
import { becomes, graph, node, noise, OPSET, ops, sameResults, stays } from "./testing-text.ts";

const dense = (
  attributes: Record<string, number>,
  w: readonly [number, number] = [6, 4],
  { inputs = "x w b", x = ["rows", 6] }: { inputs?: string; x?: (string | number)[] } = {},
) =>
  graph({
    inputs: { x },
    constants: { w: noise(w), b: noise([4], 2) },
    nodes: [node(`Gemm: ${inputs} → y`, attributes)],
  });

describe("a Gemm that multiplies a matrix as it is becomes a product and a sum", () => {
  test("with its weights as they are", () => void becomes(splitGemm, dense({}), ["MatMul", "Add"]));
  test("with turned weights", () =>
    void becomes(splitGemm, dense({ transB: 1 }, [4, 6]), ["Transpose", "MatMul", "Add"]));
  test("without a bias", () => void becomes(splitGemm, dense({}, [6, 4], { inputs: "x w" }), ["MatMul"]));
});

test("a Gemm with factors, or of a turned matrix, stays", () => {
  stays(splitGemm, dense({ alpha: 0.5 }));
  stays(splitGemm, dense({ beta: 2 }));
  stays(splitGemm, dense({ transA: 1 }, [6, 4], { x: [6, "rows"] }));
});

test("what follows a layer channel by channel vanishes into its weights and bias", () => {
  const before = graph({
    inputs: { x: [1, 6] },
    constants: { w: noise([6, 4]), b: noise([4], 2), times: noise([4], 3), plus: noise([4], 4) },
    nodes: ["Gemm: x w → product", "Add: product b → sum", "Mul: sum times → scaled", "Add: scaled plus → y"],
  });
  const after = optimise(before, { opset: OPSET });
  assert.deepEqual(ops(after), ["Linear"]);
  sameResults(before, after, 1e-5);
});
