import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Attributes, Graph, Node } from "../model/graph.ts";
import type { Rounding } from "../reference/requantize.ts";
import { runGraph } from "../reference/run.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { removeIdentities } from "./identities.ts";
import { lowerQuantize } from "./lower-qdq.ts";
import { lowerToFloat } from "./lower-to-float.ts";
import { apply, feedsFor, graph, node, noise, OPSET, ops, scalar, settle } from "./testing-text.ts";
import { sinkTransposes } from "./transposes.ts";

const dims = { x: [2, 4, 6, 5], rows: [2, 3, 8] };
type Scales = Readonly<Record<string, readonly [scale: number, zero: number]>>;

/** Weights of bytes, read with a scale for each of their first axis. */
function bytes(dtype: "int8" | "uint8", sizes: readonly number[]): Tensor {
  const { min } = dtypes[dtype];
  const values = noise(sizes, 7).numbers();
  return new Tensor(
    dtype,
    values.map((x) => Math.round(63 * (x + 2)) + min),
    sizes,
  );
}

interface Written {
  inputs?: Readonly<Record<string, readonly number[]>>;
  scales: Scales;
  constants?: Readonly<Record<string, Tensor>>;
  /** "q name" quantizes a value, "name" is then read where it says "name~". */
  nodes: readonly (string | readonly [string, Attributes])[];
  outputs?: readonly string[];
  type?: DType;
}

/** A graph in which `a~` is read from the integers `a^`, which are made of `a`. */
function qdq({
  inputs = { x: dims.x },
  scales,
  constants = {},
  nodes,
  outputs,
  type = "uint8",
}: Written): Graph {
  const all: Record<string, Tensor> = { ...constants };
  for (const [name, [scale, zero]] of Object.entries(scales)) {
    all[`${name}/scale`] = scalar(scale);
    all[`${name}/zero`] = new Tensor(type, [zero], []);
  }
  const pair = (name: string): Node[] => [
    node(`QuantizeLinear: ${name} ${name}/scale ${name}/zero → ${name}^`),
    node(`DequantizeLinear: ${name}^ ${name}/scale ${name}/zero → ${name}~`),
  ];
  const pairs = (names: readonly string[]): Node[] => names.filter((name) => name in scales).flatMap(pair);
  const made = nodes.flatMap((each) => {
    const one = typeof each === "string" ? node(each) : node(...(each as [string, Attributes]));
    return [one, ...pairs(one.outputs)];
  });
  const result = graph({ inputs, constants: all, nodes: [...pairs(Object.keys(inputs)), ...made] });
  const last = made.at(-1)!.outputs;
  return {
    ...result,
    outputs: (outputs ?? last).map((name) => ({ name, dtype: "float32", dims: undefined })),
  };
}

const weights = (sizes: readonly number[], dtype: "int8" | "uint8" = "int8") => ({
  w: bytes(dtype, sizes),
  ws: new Tensor(
    "float32",
    Array.from({ length: sizes[0] }, (_, i) => 0.01 + 0.002 * i),
  ),
  wz: new Tensor(dtype, new Array(sizes[0]).fill(dtype === "int8" ? 0 : 128)),
  b: noise([sizes[0]], 3),
});
const readWeights = ["DequantizeLinear: w ws wz → w~", { axis: 0 }] as const;

/** The lowered graph has these operators, and its integers are at most one step from the simulated ones. */
function lowersTo(
  before: Graph,
  expected: readonly string[],
  scale = 0.1,
  rounding: Rounding = "even",
): Graph {
  const lowered = settle(before, lowerQuantize(rounding), removeIdentities, sinkTransposes);
  const edges = new Set(["QuantizeLinear", "DequantizeLinear", "Transpose"]);
  assert.deepEqual(
    ops(lowered).filter((op) => !edges.has(op)),
    expected,
  );
  const feeds = feedsFor(before);
  const [want, got] = [before, lowered].map((each) => Object.values(runGraph(each, feeds, OPSET))[0]);
  assert.deepEqual(got.dims, want.dims);
  const found = got.numbers();
  const steps = want.numbers().map((value, i) => Math.abs(Math.round((value - found[i]) / scale)));
  assert.ok(Math.max(...steps) <= 1, `${Math.max(...steps)} steps`);
  assert.ok(steps.filter((each) => each > 0).length <= 1 + 0.02 * steps.length, "one step off now and then");
  assert.ok(new Set(want.numbers()).size > 5, "constant results prove nothing");
  return lowered;
}

const scales: Scales = { x: [0.02, 100], y: [0.1, 130] };

describe("QDQ convolutions", () => {
  const conv = (sizes: readonly number[], attributes: Attributes, more: Partial<Written> = {}): Graph =>
    qdq({
      ...{ scales, constants: weights(sizes) },
      nodes: [readWeights, ["Conv: x~ w~ b → y", attributes]],
      ...{ outputs: ["y~"], ...more },
    });
  const window = { strides: [2, 1], pads: [1, 1, 0, 1], dilations: [1, 2] };

  test("are convolutions of bytes, each channel with its factor", () => {
    for (const rounding of ["even", "double", "once"] as const)
      lowersTo(conv([5, 4, 3, 2], window), ["ConvQuantized"], 0.1, rounding);
    lowersTo(conv([4, 2, 3, 3], { ...window, group: 2 }), ["ConvQuantized"]);
    lowersTo(conv([4, 1, 3, 3], { ...window, group: 4 }), ["DepthwiseConvQuantized"]);
    const time = { inputs: { x: [2, 4, 9] } };
    lowersTo(conv([5, 4, 3], { pads: [1, 1] }, time), ["ConvQuantized"]);
  });

  test("take unsigned weights, which are moved to the middle of signed ones", () => {
    const constants = weights([5, 4, 3, 2], "uint8");
    lowersTo(conv([5, 4, 3, 2], window, { constants }), ["ConvQuantized"]);
  });

  test("have zero points of weights where these are not in the middle", () => {
    const wz = new Tensor("int8", [3, -7, 0, 100, 1]);
    const lowered = lowersTo(conv([5, 4, 3, 2], window, { constants: { ...weights([5, 4, 3, 2]), wz } }), [
      "ConvQuantized",
    ]);
    assert.equal(lowered.nodes.find(({ op }) => op === "ConvQuantized")!.inputs.length, 6);
  });

  test("limit their results as Relu and Clip do, which are gone", () => {
    const limits = { low: scalar(-0.73), high: scalar(6) };
    const clipped = conv([5, 4, 3, 3], window, {
      constants: { ...weights([5, 4, 3, 3]), ...limits },
      nodes: [readWeights, ["Conv: x~ w~ b → c", window], "Clip: c low high → y"],
    });
    const { attributes } = lowersTo(clipped, ["ConvQuantized"]).nodes.find(
      ({ op }) => op === "ConvQuantized",
    )!;
    assert.deepEqual([attributes.low, attributes.high], [123, 190]);
    const relu = conv([5, 4, 3, 3], window, {
      nodes: [readWeights, ["Conv: x~ w~ b → c", window], "Relu: c → y"],
      constants: weights([5, 4, 3, 3]),
    });
    lowersTo(relu, ["ConvQuantized"]);
  });

  test("take biases that are integers as they are", () => {
    const own = weights([5, 4, 3, 2]);
    const steps = own.ws.numbers().map((scale) => Math.fround(scale * 0.02));
    const integers = [2 ** 30 + 1, -5, 7, 1000, -(2 ** 30) - 3];
    const constants = { ...own, bq: new Tensor("int32", integers), bs: new Tensor("float32", steps) };
    const read = ["DequantizeLinear: bq bs → b~", { axis: 0 }] as const;
    const nodes = [readWeights, read, ["Conv: x~ w~ b~ → y", window] as const];
    const lowered = apply(lowerQuantize("even"), conv([5, 4, 3, 2], window, { constants, nodes }));
    const { inputs } = lowered.nodes.find(({ op }) => op === "ConvQuantized")!;
    assert.deepEqual(lowered.constants.get(inputs[4])!.numbers(), integers);
  });

  test("stay where a scale or weights are not constant, blocks share scales, or another node reads the floats", () => {
    const stays = (before: Graph) => lowersTo(before, ["Conv", ...ops(before).filter((op) => op === "Neg")]);
    const read = conv([5, 4, 3, 2], window, {
      nodes: [readWeights, ["Conv: x~ w~ b → y", window], "Neg: y → z"],
      outputs: ["z", "y~"],
    });
    stays(read);
    const blocks = {
      ...weights([5, 4, 1, 1]),
      ws: new Tensor("float32", new Array(10).fill(0.02), [5, 2, 1, 1]),
    };
    const { wz: _, ...symmetric } = blocks;
    stays(
      conv(
        [5, 4, 1, 1],
        {},
        {
          constants: symmetric,
          nodes: [["DequantizeLinear: w ws → w~", { axis: 1, block_size: 2 }], "Conv: x~ w~ b → y"],
        },
      ),
    );
  });
});

describe("QDQ products", () => {
  const product = (nodes: Written["nodes"], inputs: readonly number[], sizes: readonly number[]): Graph =>
    qdq({ scales, constants: weights(sizes), inputs: { x: inputs }, nodes, outputs: ["y~"] });

  test("are products of bytes, with their bias however it is written", () => {
    const gemm = ["Gemm: x~ w~ b → y", { transB: 1 }] as const;
    lowersTo(product([readWeights, gemm], [7, 8], [5, 8]), ["MatMulQuantized"]);
    const turned = { ...weights([5, 8]), w: bytes("int8", [8, 5]) };
    const columns = ["DequantizeLinear: w ws wz → w~", { axis: 1 }] as const;
    for (const nodes of [
      ["MatMul: x~ w~ → m", "Add: m b → y"],
      ["MatMul: x~ w~ → m", "Add: b m → y"],
      ["MatMul: x~ w~ → y"],
    ])
      lowersTo(
        qdq({
          scales,
          constants: turned,
          inputs: { x: dims.rows },
          nodes: [columns, ...nodes],
          outputs: ["y~"],
        }),
        ["MatMulQuantized"],
      );
  });

  test("give floats where nothing quantizes their result", () => {
    const before = qdq({
      ...{ scales, constants: weights([5, 8]), inputs: { x: [7, 8] } },
      nodes: [readWeights, ["Gemm: x~ w~ b → z", { transB: 1 }]],
    });
    const after = apply(lowerToFloat, before);
    assert.deepEqual(ops(after), ["QuantizeLinear", "MatMulIntegerToFloat"]);
    const [want, got] = [before, after].map((each) => runGraph(each, feedsFor(before), OPSET).z.numbers());
    assert.ok(want.every((value, i) => Math.abs(value - got[i]) < 1e-4));
    const conv = qdq({
      ...{ scales, constants: weights([5, 4, 3, 3]) },
      nodes: [readWeights, "Conv: x~ w~ b → z"],
    });
    const last = ["QuantizeLinear", "Transpose", "ConvIntegerToFloat", "Transpose"];
    assert.deepEqual(ops(apply(lowerToFloat, conv)), last);
  });

  test("on the fly give floats too", () => {
    const before = graph({
      inputs: { x: [7, 8] },
      constants: weights([5, 8]),
      nodes: [
        ...["DynamicQuantizeLinear: x → q s z", "DequantizeLinear: q s z → d"],
        ...[node(...readWeights), node("Gemm: d w~ b → y", { transB: 1 })],
      ],
    });
    assert.deepEqual(ops(apply(lowerToFloat, before)), ["DynamicQuantizeLinear", "MatMulIntegerToFloat"]);
  });
});

describe("other QDQ operators", () => {
  const two = { x: [1, 4, 3, 5], z: [1, 4, 3, 5] };
  const both: Scales = { x: [0.02, 100], z: [0.015, 128], y: [0.1, 130] };
  const joined = (nodes: Written["nodes"], constants = {}): Graph =>
    qdq({ inputs: two, scales: both, nodes, constants, outputs: ["y~"] });

  test("sums and differences are of bytes, each with its factor", () => {
    lowersTo(joined(["Add: x~ z~ → y"]), ["AddQuantized"]);
    lowersTo(joined(["Sub: x~ z~ → y"]), ["AddQuantized"]);
    lowersTo(joined(["Add: x~ z~ → s", "Relu: s → y"]), ["AddQuantized"]);
  });

  test("averages are depthwise convolutions with weights of 1", () => {
    const pool = (op: string, attributes = {}) =>
      qdq({
        scales: { ...scales, y: [0.0173, 99] },
        nodes: [[`${op}: x~ → y`, attributes]],
        outputs: ["y~"],
      });
    lowersTo(pool("GlobalAveragePool"), ["DepthwiseConvQuantized"], 0.0173);
    lowersTo(pool("AveragePool", { kernel_shape: [2, 3] }), ["DepthwiseConvQuantized"], 0.0173);
    const padded = { kernel_shape: [2, 3], pads: [1, 1, 0, 0] };
    lowersTo(pool("AveragePool", { ...padded, count_include_pad: 1 }), ["DepthwiseConvQuantized"], 0.0173);
    lowersTo(pool("AveragePool", padded), ["AveragePool"], 0.0173);
  });

  test("what moves or chooses numbers does so with bytes", () => {
    const same: Scales = { x: [0.02, 100], y: [0.02, 100] };
    const move = (text: string, attributes = {}, of = same) =>
      qdq({
        scales: of,
        nodes: [[text, attributes]],
        constants: { to: new Tensor("int64", [8, -1]) },
        outputs: ["y~"],
      });
    lowersTo(move("Reshape: x~ to → y"), ["Reshape"]);
    lowersTo(move("Flatten: x~ → y"), ["Flatten"]);
    lowersTo(move("MaxPool: x~ → y", { kernel_shape: [2, 2] }), ["MaxPool"]);
    lowersTo(move("Flatten: x~ → y", {}, scales), ["Flatten", "AddQuantized"]);
    lowersTo(joined([["Concat: x~ z~ → y", { axis: 1 }]]), ["AddQuantized", "AddQuantized", "Concat"]);
  });

  test("what is brought to another grid, perhaps within limits, is a sum with nothing", () => {
    lowersTo(qdq({ scales, nodes: ["Relu: x~ → y"], outputs: ["y~"] }), ["AddQuantized"]);
    lowersTo(
      qdq({ scales: { ...scales, y: [0.02, 100] }, nodes: ["Identity: x~ → y"], outputs: ["y~"] }),
      [],
    );
  });

  test("operators without a form for integers stay", () => {
    lowersTo(qdq({ scales, nodes: ["Tanh: x~ → y"], outputs: ["y~"] }), ["Tanh"]);
  });
});
