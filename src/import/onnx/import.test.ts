import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { OctavoxError } from "../../errors.ts";
import { type Graph, isGraph } from "../../model/graph.ts";
import { importOnnx, type OnnxImportOptions } from "./import.ts";
import type { TensorProtoSchema } from "./onnx_pb.ts";
import { type GraphInit, node, onnxFile, value } from "./test-files.ts";

type TensorInit = MessageInitShape<typeof TensorProtoSchema>;

const text = (s: string) => new TextEncoder().encode(s);

function importGraph(graph: GraphInit, options?: OnnxImportOptions): Graph {
  return importOnnx(onnxFile(graph), options).graphs[0];
}

/** A graph that only passes its constant "c" on. */
const holding = (tensor: TensorInit): GraphInit => ({
  initializer: [{ name: "c", ...tensor }],
  node: [node("Identity: c → y")],
  output: [value("y", [])],
});

function constant(tensor: TensorInit, options?: OnnxImportOptions) {
  const { dtype, dims, data } = importGraph(holding(tensor), options).constants.get("c")!;
  return { dtype, dims, values: Array.from(data as ArrayLike<number | bigint>) };
}

function fails(run: () => unknown, code: string, message: RegExp): void {
  assert.throws(run, (error) => {
    assert.ok(error instanceof OctavoxError, `a raw ${error}`);
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
}

test("a graph keeps its inputs, outputs, nodes, constants, opset and properties", () => {
  const graph: GraphInit = {
    name: "tiny",
    input: [value("x", ["batch", 3n]), value("w", [3n])],
    initializer: [{ name: "w", dims: [3n], dataType: 1, floatData: [1, 2, 3] }],
    node: [node("Mul: x w → y", { name: "scale" })],
    output: [value("y", ["batch", 3n])],
  };
  const model = importOnnx(
    onnxFile(graph, { producerName: "me", metadataProps: [{ key: "rate", value: "16000" }] }),
  );
  assert.equal(model.opset, 17);
  assert.deepEqual(model.metadata, { producer: "me", rate: "16000" });
  const [imported] = model.graphs;
  assert.equal(imported.name, "tiny");
  assert.deepEqual(imported.inputs, [{ name: "x", dtype: "float32", dims: ["batch", 3] }]);
  assert.deepEqual(imported.outputs, [{ name: "y", dtype: "float32", dims: ["batch", 3] }]);
  assert.deepEqual(imported.nodes, [
    { name: "scale", op: "Mul", inputs: ["x", "w"], outputs: ["y"], attributes: {} },
  ]);
  assert.deepEqual(imported.constants.get("w")?.numbers(), [1, 2, 3]);
});

test("a file read into a Node Buffer imports like any other", () => {
  const bytes = onnxFile(holding({ dims: [2n], dataType: 6, rawData: rawBytes(1, 0, 0, 0, 2, 0, 0, 0) }));
  const padded = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3);
  const tensor = importOnnx(padded).graphs[0].constants.get("c")!;
  assert.deepEqual(tensor.numbers(), [1, 2]);
  assert.equal(tensor.data.buffer.byteLength, 8, "its memory is its own");
});

test("sizes left open get names of their own, and an unknown rank stays unknown", () => {
  const { inputs } = importGraph({
    input: [
      {
        name: "a",
        type: { tensorType: { elemType: 1, shape: { dim: [{}, { dimValue: -1n }, { dimValue: 0n }] } } },
      },
      { name: "b", type: { tensorType: { elemType: 7 } } },
    ],
  });
  assert.deepEqual(
    inputs.map(({ dims }) => dims),
    [["a_0", "a_1", 0], undefined],
  );
});

const rawBytes = (...bytes: number[]) => Uint8Array.from(bytes);

for (const [type, dataType, rawData, dims, values] of [
  ["float32", 1, rawBytes(0, 0, 128, 63, 0, 0, 0, 192), [2n], [1, -2]],
  ["uint8", 2, rawBytes(1, 255), [2n], [1, 255]],
  ["int8", 3, rawBytes(1, 255), [2n], [1, -1]],
  ["uint16", 4, rawBytes(255, 255), [1n], [65535]],
  ["int16", 5, rawBytes(255, 255), [1n], [-1]],
  ["int32", 6, rawBytes(254, 255, 255, 255), [1n], [-2]],
  ["int64", 7, rawBytes(255, 255, 255, 255, 255, 255, 255, 127), [1n], [2n ** 63n - 1n]],
  ["bool", 9, rawBytes(0, 1, 7), [3n], [0, 1, 1]],
  ["float16", 10, rawBytes(0, 60, 0, 192, 1, 0, 0, 252), [4n], [1, -2, 2 ** -24, -Infinity]],
  ["float64", 11, rawBytes(0, 0, 0, 0, 0, 0, 240, 63), [], [1]],
  ["uint32", 12, rawBytes(255, 255, 255, 255), [1n], [4294967295]],
  ["uint64", 13, rawBytes(1, 0, 0, 0, 0, 0, 0, 128), [1n], [2n ** 63n + 1n]],
  ["uint4", 21, rawBytes(0x21, 0x0f), [3n], [1, 2, 15]],
  ["int4", 22, rawBytes(0x81, 0x0f), [3n], [1, -8, -1]],
] as const)
  test(`${type} tensors are read from raw bytes`, () => {
    assert.deepEqual(constant({ dataType, rawData, dims: [...dims] }), {
      dtype: type,
      dims: dims.map(Number),
      values,
    });
  });

for (const [type, tensor, values] of [
  ["float32", { dataType: 1, floatData: [0.5, -1] }, [0.5, -1]],
  ["uint8", { dataType: 2, int32Data: [0, 200] }, [0, 200]],
  ["int8", { dataType: 3, int32Data: [-128, 127] }, [-128, 127]],
  ["int16", { dataType: 5, int32Data: [-3, 3] }, [-3, 3]],
  ["int32", { dataType: 6, int32Data: [-3, 3] }, [-3, 3]],
  ["int64", { dataType: 7, int64Data: [-(2n ** 63n), 5n] }, [-(2n ** 63n), 5n]],
  ["bool", { dataType: 9, int32Data: [0, 1] }, [0, 1]],
  ["float16", { dataType: 10, int32Data: [0x3c00, 0x7bff] }, [1, 65504]],
  ["float64", { dataType: 11, doubleData: [0.1, 2] }, [0.1, 2]],
  ["uint32", { dataType: 12, uint64Data: [1n, 4294967295n] }, [1, 4294967295]],
  ["uint64", { dataType: 13, uint64Data: [1n, 2n] }, [1n, 2n]],
  ["int4", { dataType: 22, int32Data: [0xf7] }, [7, -1]],
] as const)
  test(`${type} tensors are read from typed lists`, () => {
    const read = constant({ dims: [2n], ...(tensor as unknown as TensorInit) });
    assert.deepEqual(read, { dtype: type, dims: [2], values });
  });

test("Constant nodes of every form become constants", () => {
  const forms = [
    [{ name: "value", type: 4, t: { dims: [1n], dataType: 6, int32Data: [4] } }, "int32", [1], [4]],
    [{ name: "value_float", type: 1, f: 0.5 }, "float32", [], [0.5]],
    [{ name: "value_floats", type: 6, floats: [1, 2] }, "float32", [2], [1, 2]],
    [{ name: "value_int", type: 2, i: 2n ** 63n - 1n }, "int64", [], [2n ** 63n - 1n]],
    [{ name: "value_ints", type: 7, ints: [-1n] }, "int64", [1], [-1n]],
  ] as const;
  const graph = importGraph({
    node: forms.map(([attribute], i) => node(`Constant: → c${i}`, { attribute: [attribute] })),
    output: [value("c0", [1n], 6)],
  });
  assert.equal(graph.nodes.length, 0);
  forms.forEach(([, dtype, dims, values], i) => {
    const tensor = graph.constants.get(`c${i}`)!;
    const found = [tensor.dtype, [...tensor.dims], Array.from(tensor.data as ArrayLike<number | bigint>)];
    assert.deepEqual(found, [dtype, [...dims], [...values]]);
  });
});

test("attributes become numbers, texts, lists, tensors; a missing type is guessed from the field", () => {
  const attribute = [
    { name: "alpha", type: 1, f: 0.25 },
    { name: "axis", i: -1n },
    { name: "mode", type: 3, s: text("same") },
    { name: "pads", type: 7, ints: [1n, 2n] },
    { name: "scales", floats: [0.5] },
    { name: "names", type: 8, strings: [text("a"), text("b")] },
    { name: "empty", type: 7 },
  ];
  const [only] = importGraph({ input: [value("x", [])], node: [node("Odd: x → y", { attribute })] }).nodes;
  assert.deepEqual(only.attributes, {
    alpha: 0.25,
    axis: -1,
    mode: "same",
    pads: [1, 2],
    scales: [0.5],
    names: ["a", "b"],
    empty: [],
  });
});

test("operators of other domains keep their domain", () => {
  const { nodes } = importGraph({
    input: [value("x", [])],
    node: [node("Gelu: x → y", { domain: "com.microsoft" }), node("Relu: x → z", { domain: "ai.onnx" })],
  });
  assert.deepEqual(
    nodes.map(({ op }) => op),
    ["com.microsoft::Gelu", "Relu"],
  );
});

test("node names are unique, made up where absent or repeated", () => {
  const { nodes } = importGraph({
    input: [value("x", [])],
    node: [
      node("Relu: x → a"),
      node("Relu: x → b", { name: "Relu_0" }),
      node("Relu: x → c", { name: "twin" }),
      node("Relu: x → d", { name: "twin" }),
    ],
  });
  assert.equal(new Set(nodes.map(({ name }) => name)).size, 4);
  assert.ok(nodes.every(({ name }) => name !== ""));
  assert.equal(nodes[1].name, "Relu_0");
});

test("nodes are put in an order in which every value is computed before its use", () => {
  const { nodes } = importGraph({
    input: [value("x", [])],
    node: [node("Relu: b → c"), node("Relu: a → b"), node("Neg: x → n"), node("Relu: x → a")],
    output: [value("c", [])],
  });
  assert.deepEqual(
    nodes.flatMap(({ outputs }) => outputs),
    ["n", "a", "b", "c"],
  );
});

const branch = (graph: GraphInit) => ({ name: "then_branch", type: 5, g: graph });

test("subgraphs see the values around them and may reuse the names of later ones", () => {
  const inner = { name: "inner", node: [node("Relu: x → y")], output: [value("y", [])] };
  const graph = importGraph({
    input: [value("x", []), value("cond", [], 9)],
    node: [node("If: cond → y", { attribute: [branch(inner)] })],
    output: [value("y", [])],
  });
  const then = graph.nodes[0].attributes.then_branch;
  assert.ok(isGraph(then));
  assert.deepEqual(then.nodes[0].inputs, ["x"]);
});

test("external data is taken from the caller, and its place in the file is checked", () => {
  const entry = (key: string, value: string) => ({ key, value });
  const tensor = (location: string, offset: string): TensorInit => ({
    dims: [2n],
    dataType: 3,
    dataLocation: 1,
    externalData: [entry("location", location), entry("offset", offset), entry("length", "2")],
  });
  const external = (name: string) => (name === "w.bin" ? rawBytes(9, 8, 7) : undefined);
  assert.deepEqual(constant(tensor("w.bin", "1"), { external }).values, [8, 7]);
  fails(() => constant(tensor("w.bin", "1")), "not-found", /"w.bin".*external: /);
  fails(() => constant(tensor("v.bin", "1"), { external }), "not-found", /"v.bin"/);
  fails(
    () => constant(tensor("w.bin", "2"), { external }),
    "format",
    /bytes 2 to 4, found a file of 3 bytes/,
  );
  for (const bad of ["../w.bin", "/etc/passwd", "c:\\w.bin", "a/../../b", ""])
    fails(() => constant(tensor(bad, "0"), { external }), "format", /a path beside the model/);
});

test("errors name the file the caller named", () => {
  fails(
    () => importOnnx(new Uint8Array(0), { file: "talk.onnx" }),
    "format",
    /^talk\.onnx: not an ONNX model/,
  );
});

test("an empty file, other files and random bytes are format errors", () => {
  fails(() => importOnnx(new Uint8Array(0)), "format", /an empty file/);
  fails(() => importOnnx(text("RIFF....WAVEfmt ")), "format", /ONNX model/);
  fails(() => importOnnx(text("<!doctype html><html></html>")), "format", /ONNX model/);
  let seed = 1;
  const random = () => (seed = (seed * 16807) % 2147483647) & 255;
  for (let i = 0; i < 2000; i++)
    fails(() => importOnnx(Uint8Array.from({ length: 1 + (i % 64) }, random)), "format", /./);
});

test("a file cut short anywhere, or with any byte changed, imports or gives a typed error", () => {
  const bytes = onnxFile({
    input: [value("x", ["n", 2n]), value("cond", [], 9)],
    initializer: [{ name: "w", dims: [2n, 1n], dataType: 1, rawData: new Uint8Array(8) }],
    node: [
      node("MatMul: x w → m"),
      node("If: cond → y", {
        attribute: [branch({ node: [node("Relu: m → r")], output: [value("r", [])] })],
      }),
    ],
    output: [value("y", ["n", 1n])],
  });
  const attempt = (damaged: Uint8Array) => {
    try {
      importOnnx(damaged);
    } catch (error) {
      assert.ok(error instanceof OctavoxError, `a raw ${error}`);
    }
  };
  for (let i = 0; i < bytes.length; i++) {
    fails(() => importOnnx(bytes.subarray(0, i)), "format", /./);
    for (const change of [0x01, 0x80, 0xff]) attempt(bytes.with(i, bytes[i] ^ change));
  }
});

for (const [what, tensor, message] of [
  [
    "too few raw bytes",
    { dims: [3n], dataType: 1, rawData: rawBytes(1, 2, 3, 4) },
    /expected 12 bytes .* found 4/,
  ],
  ["too many raw bytes", { dims: [], dataType: 2, rawData: rawBytes(1, 2) }, /expected 1 bytes .* found 2/],
  ["too few list values", { dims: [3n], dataType: 1, floatData: [1] }, /expected 3 values .* found 1/],
  ["no data", { dims: [1n], dataType: 1 }, /expected 4 bytes .* found 0/],
  ["a negative size", { dims: [-3n], dataType: 1 }, /found -3/],
  ["gigantic sizes", { dims: [2n ** 40n, 2n ** 40n, 2n ** 40n], dataType: 1 }, /fewer than 2⁵³/],
  ["a gigantic size", { dims: [2n ** 62n], dataType: 1 }, /found 4611686018427387904/],
  ["a large size", { dims: [2n ** 40n], dataType: 1, rawData: rawBytes(0) }, /expected 4398046511104 bytes/],
  ["values beyond its type", { dims: [1n], dataType: 3, int32Data: [300] }, /values of int8, found 300/],
] as const)
  test(`a tensor with ${what} is a format error`, () => {
    fails(() => constant(tensor as unknown as TensorInit), "format", message);
  });

for (const [what, graph, code, message] of [
  ["an undeclared value", { node: [node("Relu: ghost → y")] }, "format", /node "Relu_0" .*"ghost"/],
  ["an undeclared output", { output: [value("ghost", [])] }, "format", /"ghost", which nothing computes/],
  [
    "a circle",
    { node: [node("Relu: b → a", { name: "first" }), node("Relu: a → b", { name: "second" })] },
    "format",
    /circle.*"first".*"second"|circle.*"second".*"first"/,
  ],
  [
    "one value computed twice",
    { input: [value("x", [])], node: [node("Relu: x → y"), node("Neg: x → y")] },
    "format",
    /"Relu_0" and "Neg_1"/,
  ],
  ["a string input", { input: [value("x", [], 8)] }, "unsupported", /"x".*found string/],
  ["a float8 constant", holding({ dims: [0n], dataType: 17 }), "unsupported", /found float8e4m3fn/],
  [
    "a sequence",
    { input: [{ name: "s", type: { sequenceType: { elemType: {} } } }] },
    "unsupported",
    /"s".*found a sequence/,
  ],
  [
    "an optional value",
    { input: [{ name: "o", type: { optionalType: { elemType: {} } } }] },
    "unsupported",
    /"o".*found an optional value/,
  ],
  ["a sparse constant", { sparseInitializer: [{ values: { name: "sp" } }] }, "unsupported", /sparse.*"sp"/],
  ["an input without a type", { input: [{ name: "x" }] }, "format", /"x".*found no type/],
  [
    "a reference outside a function",
    {
      input: [value("x", [])],
      node: [node("Relu: x → y", { attribute: [{ name: "a", type: 1, refAttrName: "b" }] })],
    },
    "format",
    /reference to "b"/,
  ],
  [
    "a graph list attribute",
    { input: [value("x", [])], node: [node("Relu: x → y", { attribute: [{ name: "gs", type: 10 }] })] },
    "unsupported",
    /"gs".*found GRAPHS/,
  ],
] as const)
  test(`${what} is an "${code}" error`, () => {
    fails(() => importGraph(graph as GraphInit), code, message);
  });

test("calling a function of the file is unsupported; merely having one is not", () => {
  const functions = [{ domain: "local", name: "Twice" }];
  const graph = (domain: string) => ({ input: [value("x", [])], node: [node("Twice: x → y", { domain })] });
  assert.equal(importOnnx(onnxFile(graph("other"), { functions })).graphs.length, 1);
  fails(() => importOnnx(onnxFile(graph("local"), { functions })), "unsupported", /local::Twice/);
});

test("a missing or impossible operator set version is a format error", () => {
  for (const version of [0n, -1n, 2n ** 60n])
    fails(() => importOnnx(onnxFile({}, { opsetImport: [{ version }] })), "format", /operator set/);
  fails(() => importOnnx(onnxFile({}, { opsetImport: [] })), "format", /operator set, found none/);
});

test("graphs nested without end are refused", () => {
  let graph: GraphInit = {};
  for (let depth = 0; depth < 60; depth++)
    graph = { node: [node("If: → y", { attribute: [branch(graph)] })] };
  fails(() => importGraph(graph), "format", /recursion depth/);
});
