import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { optimise } from "../../passes/optimise.ts";
import { floats, imported, input, ints, type NodeInit, node, noise, real, results } from "./testing.ts";

const close = (found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-5): void => {
  assert.equal(found.length, expected.length);
  expected.forEach(
    (value, i) => void assert.ok(Math.abs(found[i] - value) <= tolerance, `${i}: ${found[i]}, not ${value}`),
  );
};

/** y of a graph whose last node is y. */
function run(nodes: readonly NodeInit[], feeds: Readonly<Record<string, readonly number[]>> = {}) {
  const { y } = results(nodes, feeds);
  return { dims: [...y.dims], values: y.numbers() };
}

describe("elementwise operators mean what TensorFlow's mean", () => {
  const x = [-3, -0.5, 0.25, 2, 7.5];
  const cases: readonly [text: string, f: (x: number) => number, attributes?: Parameters<typeof node>[1]][] =
    [
      ["Relu6", (v) => Math.min(Math.max(v, 0), 6)],
      ["LeakyRelu", (v) => (v < 0 ? 0.2 * v : v)],
      ["LeakyRelu", (v) => (v < 0 ? 0.5 * v : v), { alpha: real(0.5) }],
      ["Square", (v) => v * v],
      ["Neg", (v) => -v],
      ["Inv", (v) => 1 / v],
      ["Sigmoid", (v) => 1 / (1 + Math.exp(-v))],
      ["Softplus", (v) => Math.log1p(Math.exp(v))],
    ];
  for (const [op, f, attributes] of cases)
    test(`${op}${attributes ? " with an attribute" : ""}`, () =>
      close(run([input("x", [5]), node(`${op} y: x`, attributes)], { x }).values, x.map(f)));
  test("Rsqrt", () => close(run([input("x", [2]), node("Rsqrt y: x")], { x: [4, 0.25] }).values, [0.5, 2]));
  const pairs: readonly [op: string, f: (a: number, b: number) => number][] = [
    ["SquaredDifference", (a, b) => (a - b) ** 2],
    ["Maximum", Math.max],
    ["RealDiv", (a, b) => a / b],
    ["Sub", (a, b) => a - b],
    ["AddV2", (a, b) => a + b],
  ];
  for (const [op, f] of pairs)
    test(op, () => {
      const y = run([input("x", [5]), floats("b", [2], []), node(`${op} y: x b`)], { x });
      close(
        y.values,
        x.map((v) => f(v, 2)),
      );
    });
  test("AddN", () =>
    close(
      run([input("x", [5]), node("AddN y: x x x")], { x }).values,
      x.map((v) => 3 * v),
    ));
});

/** Windows of [height, width, channels] as TensorFlow lays them with padding SAME. */
function convolve(
  x: readonly number[],
  [height, width, channels]: readonly [number, number, number],
  kernel: readonly [number, number],
  stride: number,
  sum: (at: (place: number, channel: number) => number) => number[],
): number[] {
  const before = (size: number, k: number) =>
    Math.floor(Math.max((Math.ceil(size / stride) - 1) * stride + k - size, 0) / 2);
  const [top, left] = [before(height, kernel[0]), before(width, kernel[1])];
  const y: number[] = [];
  for (let i = 0; i < Math.ceil(height / stride); i++)
    for (let j = 0; j < Math.ceil(width / stride); j++)
      y.push(
        ...sum((place, channel) => {
          const [r, c] = [
            i * stride - top + Math.floor(place / kernel[1]),
            j * stride - left + (place % kernel[1]),
          ];
          const inside = r >= 0 && r < height && c >= 0 && c < width;
          return inside ? x[(r * width + c) * channels + channel] : 0;
        }),
      );
  return y;
}

describe("images", () => {
  const x = noise(7 * 6 * 2);
  const strides = [1, 2, 2, 1];

  test("Conv2D with padding SAME has the odd row at the end", () => {
    const w = noise(4 * 3 * 2 * 3, 2);
    const expected = convolve(x, [7, 6, 2], [4, 3], 2, (at) =>
      [0, 1, 2].map((out) => {
        let sum = 0;
        for (let p = 0; p < 12; p++) for (const c of [0, 1]) sum += at(p, c) * w[(p * 2 + c) * 3 + out];
        return sum;
      }),
    );
    const conv = node("Conv2D y: x w", { strides, padding: "SAME", data_format: "NHWC" });
    const y = run([input("x", [1, 7, 6, 2]), floats("w", w, [4, 3, 2, 3]), conv], { x });
    assert.deepEqual(y.dims, [1, 4, 3, 3]);
    close(y.values, expected);
  });

  test("DepthwiseConv2dNative gives each channel its own outputs, side by side", () => {
    const w = noise(3 * 3 * 2 * 2, 3);
    const expected = convolve(x, [7, 6, 2], [3, 3], 2, (at) =>
      [0, 1].flatMap((c) =>
        [0, 1].map((m) => {
          let sum = 0;
          for (let p = 0; p < 9; p++) sum += at(p, c) * w[(p * 2 + c) * 2 + m];
          return sum;
        }),
      ),
    );
    const conv = node("DepthwiseConv2dNative y: x w", { strides, padding: "SAME" });
    close(run([input("x", [1, 7, 6, 2]), floats("w", w, [3, 3, 2, 2]), conv], { x }).values, expected);
  });

  test("pools, and means over the space", () => {
    const attributes = { ksize: [1, 2, 2, 1], strides, padding: "VALID" };
    const means = run([input("x", [1, 2, 2, 2]), node("AvgPool y: x", attributes)], {
      x: [1, 10, 2, 20, 3, 30, 6, 60],
    });
    close(means.values, [3, 30]);
    const most = run([input("x", [1, 2, 2, 2]), node("MaxPool y: x", attributes)], {
      x: [1, 10, 2, 20, 3, 30, 6, 60],
    });
    close(most.values, [6, 60]);
    const nodes = [
      ...[
        input("x", [1, 2, 2, 2]),
        ints("axes", [1, 2]),
        node("MaxPool p: x", { ...attributes, ksize: [1, 1, 1, 1], strides: [1, 1, 1, 1] }),
      ],
      node("Mean y: p axes"),
    ];
    const mean = run(nodes, { x: [1, 10, 2, 20, 3, 30, 6, 60] });
    assert.deepEqual(mean.dims, [1, 2]);
    close(mean.values, [3, 30]);
  });

  test("a whole layer (convolution, bias, normalisation, ReLU) has nothing between, and becomes one operator", () => {
    const stats = [
      [1, 2, 3],
      [0.5, -1, 0.25],
      [0.1, 0.2, 0.3],
      [1, 4, 0.5],
    ];
    const names = ["scale", "offset", "mean", "variance"];
    const nodes = [
      ...[
        input("x", [1, 7, 6, 2]),
        floats("w", noise(4 * 3 * 2 * 3, 2), [4, 3, 2, 3]),
        floats("b", [1, -1, 0.5]),
      ],
      ...stats.map((values, i) => floats(names[i], values)),
      node("Conv2D conv: x w", { strides, padding: "SAME" }),
      node("BiasAdd biased: conv b"),
      node(`FusedBatchNorm normal: biased ${names.join(" ")}`, { epsilon: real(0.001), is_training: false }),
      node("Relu y: normal"),
    ];
    const { graphs, opset } = imported(nodes);
    const ops = graphs[0].nodes.map(({ op }) => op);
    assert.deepEqual(ops, [
      "Transpose",
      "Transpose",
      "Conv",
      "Add",
      "BatchNormalization",
      "Relu",
      "Transpose",
    ]);
    assert.deepEqual(
      optimise(graphs[0], { opset }).nodes.map(({ op }) => op),
      ["ConvFloat"],
    );
    const plain = run([...nodes.slice(0, 2), node("Conv2D y: x w", { strides, padding: "SAME" })], {
      x,
    }).values;
    const expected = plain.map((value, i) => {
      const [scale, offset, mean, variance] = stats.map((list) => list[i % 3]);
      return Math.max(
        0,
        ((value + [1, -1, 0.5][i % 3] - mean) / Math.sqrt(variance + 0.001)) * scale + offset,
      );
    });
    close(run(nodes, { x }).values, expected);
  });

  test("normalisation with the statistics of the input is refused", () => {
    const four = ["a", "b", "c", "d"];
    const nodes = [input("x", [1, 2, 2, 1]), ...four.map((name) => floats(name, [1]))];
    assert.throws(() => imported([...nodes, node(`FusedBatchNorm y: x ${four.join(" ")}`)]), {
      code: "unsupported",
      message: /^m: node "y" \(FusedBatchNorm\).*is_training/,
    });
  });
});

describe("products", () => {
  test("MatMul turns either matrix where it says so", () => {
    const [x, w] = [
      [1, 2, 3, 4, 5, 6],
      [1, 0, 2, 1, 0, 1],
    ];
    const nodes = [input("x", [3, 2]), floats("w", w, [2, 3])];
    const y = run([...nodes, node("MatMul y: x w", { transpose_a: true, transpose_b: true })], { x });
    // xᵀ·wᵀ
    close(y.values, [
      1 * 1 + 3 * 0 + 5 * 2,
      1 * 1 + 3 * 0 + 5 * 1,
      2 * 1 + 4 * 0 + 6 * 2,
      2 * 1 + 4 * 0 + 6 * 1,
    ]);
  });
});

describe("movement", () => {
  const x = Array.from({ length: 12 }, (_, i) => i);
  const cases: readonly [what: string, nodes: NodeInit[], dims: number[], values: number[]][] = [
    [
      "Transpose by an order that is computed",
      [
        ...[
          ints("one", [1, 0]),
          ints("from", [2], []),
          ints("to", [3], []),
          ints("step", [1], []),
          ints("axis", [0], []),
        ],
        ...[
          node("Range rest: from to step"),
          node("ConcatV2 order: one rest axis"),
          node("Transpose y: x order"),
        ],
      ],
      [3, 2, 2],
      [0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11],
    ],
    [
      "StridedSlice that drops an axis",
      [
        ...[ints("b", [1, -1]), ints("e", [2, 0]), ints("s", [1, 1])],
        node("StridedSlice y: x b e s", { shrink_axis_mask: 3 }),
      ],
      [2],
      [10, 11],
    ],
    [
      "StridedSlice backwards, open at both ends",
      [
        ...[ints("b", [0, 0]), ints("e", [0, 0]), ints("s", [1, -2])],
        node("StridedSlice y: x b e s", { begin_mask: 3, end_mask: 3 }),
      ],
      [2, 2, 2],
      [4, 5, 0, 1, 10, 11, 6, 7],
    ],
    [
      "Split, of which a later part is read",
      [ints("axis", [1], []), node("Split s: axis x", { num_split: 3 }), node("Neg y: s:2")],
      [2, 1, 2],
      [-4, -5, -10, -11],
    ],
    ["Pack", [node("Pack y: x x", { axis: 3 })], [2, 3, 2, 2], x.flatMap((v) => [v, v])],
    [
      "ExpandDims and Squeeze",
      [ints("axis", [0], []), node("ExpandDims e: x axis"), node("Squeeze y: e", { squeeze_dims: [0] })],
      [2, 3, 2],
      x,
    ],
    ["Reshape with an open size", [ints("sizes", [4, -1]), node("Reshape y: x sizes")], [4, 3], x],
    [
      "Sum that keeps its axes",
      [ints("axes", [0, 2]), node("Sum y: x axes", { keep_dims: true })],
      [1, 3, 1],
      [14, 22, 30],
    ],
    [
      "Pad",
      [ints("pads", [0, 0, 1, 0, 0, 0], [3, 2]), node("Pad y: x pads")],
      [2, 4, 2],
      [0, 0, 0, 1, 2, 3, 4, 5, 0, 0, 6, 7, 8, 9, 10, 11],
    ],
    [
      "Fill",
      [ints("sizes", [2, 1, 1]), floats("v", [3], []), node("Fill f: sizes v"), node("Mul y: x f")],
      [2, 3, 2],
      x.map((v) => 3 * v),
    ],
    [
      "GatherV2 along an axis",
      [ints("at", [2, 0]), ints("axis", [1], []), node("GatherV2 y: x at axis")],
      [2, 2, 2],
      [4, 5, 0, 1, 10, 11, 6, 7],
    ],
  ];
  for (const [what, nodes, dims, values] of cases)
    test(what, () => assert.deepEqual(run([input("x", [2, 3, 2]), ...nodes], { x }), { dims, values }));
});

describe("what a graph gives", () => {
  test("its ends are what nobody reads; copies vanish, and what only waits is not read", () => {
    const [graph] = imported([
      ...[input("x", [3]), node("Identity same: x"), node("NoOp never"), node("CheckNumerics sound: same")],
      ...[node("Neg a: sound ^never"), node("Abs b: same")],
    ]).graphs;
    assert.deepEqual(graph.outputs, [
      { name: "a", dtype: "float32", dims: [3] },
      { name: "b", dtype: "float32", dims: [3] },
    ]);
    assert.deepEqual(
      graph.nodes.map(({ op, inputs }) => [op, ...inputs]),
      [
        ["Neg", "x"],
        ["Abs", "x"],
      ],
    );
  });

  test("an end that is a copy keeps its name", () => {
    const [{ outputs }] = imported([input("x", [3]), node("Neg n: x"), node("Identity scores: n")]).graphs;
    assert.deepEqual(
      outputs.map(({ name }) => name),
      ["scores"],
    );
  });

  test("elements that a constant leaves out are like its last one", () => {
    const y = run([input("x", [4]), floats("c", [1, 2], [4]), node("Mul y: x c")], { x: [1, 1, 1, 1] });
    assert.deepEqual(y.values, [1, 2, 2, 2]);
  });
});
