import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Node } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { fuseGelu, fuseGroupNorm, fuseLayerNorm, fuseSwish } from "./normalise.ts";
import {
  becomes,
  float,
  type GraphParts,
  graph,
  int64,
  node,
  noise,
  sameResults,
  scalar,
  settle,
  stays,
} from "./testing-text.ts";

/** Floats added and multiplied in another order differ in their last bits. */
const rounding = 2e-6;

/** A pattern as exporters write it, with some nodes or constants in another way. */
type Written<Part extends string> = (
  change?: Partial<Record<Part, string | Node>>,
  constants?: Record<string, Tensor>,
  more?: Partial<GraphParts>,
) => ReturnType<typeof graph>;

function written<Part extends string>(
  nodes: Record<Part, string | Node>,
  { constants, ...parts }: Omit<GraphParts, "nodes">,
): Written<Part> {
  return (change = {}, other = {}, more = {}) =>
    graph({
      ...{ ...parts, constants: { ...constants, ...other } },
      ...{ nodes: Object.values({ ...nodes, ...change }), ...more },
    });
}

describe("GELU", () => {
  const gelu = written(
    {
      scaled: "Div: x root → s",
      erf: "Erf: s → e",
      plus: "Add: e one → p",
      times: "Mul: x p → t",
      half: "Mul: t half → y",
    },
    {
      inputs: { x: [2, "time", 8], z: [2, "time", 8] },
      constants: {
        root: scalar(Math.SQRT2),
        inverse: scalar(Math.SQRT1_2),
        one: scalar(1),
        half: scalar(0.5),
      },
      outputs: ["y"],
    },
  );

  test("with a division or a product, its factors in any order, becomes Gelu", () => {
    const cases = [
      gelu(),
      gelu({ scaled: "Mul: inverse x → s", plus: "Add: one e → p" }),
      gelu({ times: "Mul: p x → t", half: "Mul: half t → y" }),
    ];
    for (const each of cases) becomes(fuseGelu, each, ["Gelu"], rounding);
  });

  test("leaves there what is used elsewhere", () => {
    becomes(fuseGelu, gelu({}, {}, { outputs: ["y", "e"] }), ["Div", "Erf", "Gelu"], rounding);
  });

  test("is not found where a constant, a function or a value is another", () => {
    const cases = [
      gelu({}, { root: scalar(1.5) }),
      gelu({}, { one: scalar(2) }),
      gelu({}, { half: scalar(0.25) }),
      gelu({}, { half: noise([8]) }),
      gelu({ scaled: "Div: root x → s" }),
      gelu({ erf: "Tanh: s → e" }),
      gelu({ times: "Mul: z p → t" }),
    ];
    for (const each of cases) stays(fuseGelu, each);
  });
});

describe("Swish", () => {
  const swish = written(
    { gate: "Sigmoid: x → s", product: "Mul: x s → y" },
    { inputs: { x: ["time", 8], z: ["time", 8] } },
  );

  test("is x times its own sigmoid", () => {
    becomes(fuseSwish, swish(), ["Swish"], rounding);
    becomes(fuseSwish, swish({ product: "Mul: s x → y" }), ["Swish"], rounding);
  });

  test("is not another's, nor a sum, nor a square", () => {
    for (const product of ["Mul: z s → y", "Add: x s → y", "Mul: s s → y"])
      stays(fuseSwish, swish({ product }));
  });
});

describe("layer norm", () => {
  const mean = (text: string, ...axes: number[]) => node(`ReduceMean: ${text}`, { axes });
  const parts = {
    mean: mean("x → m", -1),
    centre: "Sub: x m → c",
    power: "Pow: c two → p",
    variance: mean("p → v", -1),
    shift: "Add: v epsilon → e",
    root: "Sqrt: e → r",
    divide: "Div: c r → d",
    scale: "Mul: d weight → w",
    bias: "Add: w bias → y",
  };
  const constants = { two: scalar(2), epsilon: scalar(1e-5), weight: noise([8], 3), bias: noise([8], 4) };
  const norm = written(parts, { inputs: { x: [2, "time", 8] }, constants, outputs: ["y"] });

  test("is one operator, weight and bias included", () => {
    const { nodes } = becomes(fuseLayerNorm, norm(), ["LayerNormalization"], rounding);
    assert.deepEqual(nodes[0].inputs, ["x", "weight", "bias"]);
    assert.ok(Math.abs((nodes[0].attributes.epsilon as number) - 1e-5) < 1e-9);
  });

  test("is found with its axis counted from the front, and without a bias", () => {
    const fromFront = norm({ mean: mean("x → m", 2), variance: mean("p → v", 2) });
    becomes(fuseLayerNorm, fromFront, ["LayerNormalization"], rounding);
    const { bias: _, ...unbiased } = parts;
    const plain = written(unbiased, { inputs: { x: [2, "time", 8] }, constants });
    becomes(fuseLayerNorm, plain(), ["LayerNormalization"], rounding);
  });

  test("leaves there what is used elsewhere", () => {
    const needed = (output: string) => norm({}, {}, { outputs: ["y", output] });
    becomes(fuseLayerNorm, needed("c"), ["ReduceMean", "Sub", "LayerNormalization"], rounding);
    becomes(fuseLayerNorm, needed("w"), ["LayerNormalization", "Add"], rounding);
  });

  test("is not found over another axis, of another power or around another centre", () => {
    const cases = [
      norm({ mean: mean("x → m", 1) }),
      norm({ variance: mean("p → v", 1) }),
      norm({ mean: mean("x → m", -2, -1) }),
      norm({ mean: node("ReduceMean: x → m") }),
      norm({}, { two: scalar(3) }),
      norm({ power: "Pow: x two → p" }),
    ];
    for (const each of cases) stays(fuseLayerNorm, each);
    const { mean: first, ...rest } = parts;
    stays(
      fuseLayerNorm,
      norm(
        {},
        {},
        { nodes: [first, "Add: x m → sum", ...Object.values({ ...rest, power: "Pow: sum two → p" })] },
      ),
    );
  });

  test("is not found with a weight that is not one number a value", () => {
    stays(fuseLayerNorm, norm({}, { weight: noise([1, 1, 8]), bias: noise([1, 1, 8]) }));
    stays(fuseLayerNorm, norm({}, { weight: noise([1]) }));
    const one = norm({}, { bias: noise([1]) });
    sameResults(one, settle(one, fuseLayerNorm), rounding);
  });
});

describe("group norm of one group", () => {
  const norm = written(
    {
      row: "Reshape: x row → r",
      norm: node("InstanceNormalization: r ones zeros → n", { epsilon: 1e-3 }),
      back: "Reshape: n back → b",
      scale: "Mul: b weight → w",
      bias: "Add: w bias → y",
    },
    {
      inputs: { x: [2, 6, "time"] },
      constants: {
        ...{ row: int64(0, 1, -1), ones: float(1), zeros: float(0), back: int64(2, 6, -1) },
        ...{ weight: noise([6, 1], 3), bias: noise([6, 1], 4) },
      },
    },
  );

  test("is one operator with channels last", () => {
    const expected = ["Transpose", "GroupNorm", "Transpose"];
    becomes(fuseGroupNorm, norm(), expected, rounding);
    becomes(
      fuseGroupNorm,
      norm({}, { weight: noise([1, 6, 1]), bias: noise([1, 6, 1]) }),
      expected,
      rounding,
    );
  });

  test("is not found with several groups, weights of its own, or another shape afterwards", () => {
    const cases: Record<string, Tensor>[] = [
      { row: int64(0, 2, -1), ones: float(1, 1), zeros: float(0, 0) },
      { ones: float(2) },
      { zeros: float(1) },
      { weight: noise([6, 3]), back: int64(2, 6, -1) },
      { weight: noise([1, 1]), bias: noise([1, 1]) },
      { back: int64(2, 3, -1), weight: noise([3, 1]), bias: noise([3, 1]) },
    ];
    for (const constants of cases) stays(fuseGroupNorm, norm({}, constants, { inputs: { x: [2, 6, 3] } }));
  });
});
