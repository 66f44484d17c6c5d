import { describe, test } from "node:test";
import { fuseGelu, fuseGroupNorm, fuseLayerNorm, fuseSwish } from "./normalise.ts";
import { becomes, float, graph, int64, node, noise, scalar, stays } from "./testing-text.ts";

describe("GELU", () => {
  const written = (half: number, root: number, divided = "x") =>
    graph({
      inputs: { x: [2, 7], z: [2, 7] },
      constants: { half: scalar(half), root: scalar(root), one: scalar(1) },
      nodes: [`Div: ${divided} root → s`, "Erf: s → e", "Add: e one → p", "Mul: x p → m", "Mul: m half → y"],
      outputs: ["y"],
    });

  test("is found as exporters write it", () => {
    becomes(fuseGelu, written(0.5, Math.SQRT2), ["Gelu"], 1e-6);
  });

  test("is not found where a constant is another, or the value", () => {
    stays(fuseGelu, written(0.25, Math.SQRT2));
    stays(fuseGelu, written(0.5, 2));
    stays(fuseGelu, written(0.5, Math.SQRT2, "z"));
  });
});

describe("Swish", () => {
  const written = (of: string) =>
    graph({ inputs: { x: [9], z: [9] }, nodes: [`Sigmoid: ${of} → s`, "Mul: x s → y"], outputs: ["y"] });

  test("is x times its own sigmoid", () => {
    becomes(fuseSwish, written("x"), ["Swish"], 1e-6);
  });
  test("is not x times another's", () => stays(fuseSwish, written("z")));
});

describe("layer norm", () => {
  const written = (axes: number, power: number, outputs = ["y"]) =>
    graph({
      inputs: { x: [2, 3, 8] },
      constants: { two: scalar(power), eps: scalar(1e-5), w: noise([8], 3), b: noise([8], 4) },
      nodes: [
        node("ReduceMean: x → m", { axes: [axes], keepdims: 1 }),
        ...["Sub: x m → c", "Pow: c two → q"],
        node("ReduceMean: q → v", { axes: [axes], keepdims: 1 }),
        ...["Add: v eps → e", "Sqrt: e → r", "Div: c r → n", "Mul: n w → s", "Add: s b → y"],
      ],
      outputs,
    });

  test("is found with its weight, then with its bias", () => {
    const once = becomes(fuseLayerNorm, written(-1, 2), ["LayerNormalization"], 2e-6);
    stays(fuseLayerNorm, once);
  });

  test("keeps what is needed elsewhere", () => {
    becomes(fuseLayerNorm, written(2, 2, ["y", "c"]), ["ReduceMean", "Sub", "LayerNormalization"], 2e-6);
  });

  test("is not found over another axis, or with another power", () => {
    stays(fuseLayerNorm, written(1, 2));
    stays(fuseLayerNorm, written(-1, 3));
  });
});

describe("group norm of one group", () => {
  const written = (scale: number) =>
    graph({
      inputs: { x: [1, 6, 10] },
      constants: {
        ...{ row: int64(0, 1, -1), back: int64(1, 6, 10), one: float(scale), zero: float(0) },
        ...{ w: noise([6, 1], 3), b: noise([6, 1], 4) },
      },
      nodes: [
        "Reshape: x row → r",
        node("InstanceNormalization: r one zero → n", { epsilon: 1e-5 }),
        ...["Reshape: n back → k", "Mul: k w → s", "Add: s b → y"],
      ],
      outputs: ["y"],
    });

  test("becomes one operator with channels last", () => {
    becomes(fuseGroupNorm, written(1), ["Transpose", "GroupNorm", "Transpose"], 2e-6);
  });

  test("is not found where the row itself is scaled", () => stays(fuseGroupNorm, written(2)));
});
