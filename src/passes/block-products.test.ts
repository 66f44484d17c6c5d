import assert from "node:assert/strict";
import { test } from "node:test";
import { runGraph } from "../reference/run.ts";
import { Tensor } from "../tensor/tensor.ts";
import { optimise } from "./optimise.ts";
import { graph, node, noise } from "./testing-text.ts";

const [K, N, BLOCK] = [48, 6, 16];
const integers = Int8Array.from({ length: K * N }, (_, i) => ((i * 7 + (i >> 3)) % 16) - 8);
const scales = noise([K / BLOCK, N], 3);
const x = noise([4, K], 9);

/** B as floats, given the scale of a weight. */
const product = (scaleOf: (row: number, column: number) => number): Float32Array =>
  Float32Array.from({ length: 4 * N }, (_, i) => {
    const [row, column] = [Math.floor(i / N), i % N];
    let sum = 0;
    for (let k = 0; k < K; k++) sum += x.data[row * K + k] * integers[k * N + column] * scaleOf(k, column);
    return sum;
  });
const blockwise = product((k, n) => scales.data[Math.floor(k / BLOCK) * N + n]);

function check(source: ReturnType<typeof graph>, wanted: Float32Array, ops: readonly string[]): void {
  const made = optimise(source, { opset: 21 });
  assert.deepEqual(
    made.nodes.map(({ op }) => op),
    ops,
  );
  const { y } = runGraph(made, { x }, 21);
  const found = y.data as Float32Array;
  // Activations have 8 bits now: an error of half a step for each of K.
  const most = Math.max(...wanted.map(Math.abs));
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - wanted[i]) < 0.02 * most, `${value}, not ${wanted[i]}`);
}

const dynamic = ["DynamicQuantizeLinear", "MatMulBlocksToFloat"];
const blockNodes = [
  node("DequantizeLinear: b s → w", { axis: 0, block_size: BLOCK }),
  "MatMul: x w → y",
] as const;

test("int4 dequantized in blocks before a MatMul", () => {
  const constants = { b: new Tensor("int4", integers, [K, N]), s: scales };
  check(graph({ inputs: { x: [4, K] }, constants, nodes: blockNodes }), blockwise, dynamic);
});

test("uint4 around 8 is the same; around anything else it stays as it was", () => {
  const b = new Tensor(
    "uint4",
    Uint8Array.from(integers, (q) => q + 8),
    [K, N],
  );
  const nodes = [node("DequantizeLinear: b s z → w", { axis: 0, block_size: BLOCK }), "MatMul: x w → y"];
  const around = (middle: number) => {
    const z = new Tensor("uint4", new Uint8Array(scales.size).fill(middle), scales.dims);
    return graph({ inputs: { x: [4, K] }, constants: { b, s: scales, z }, nodes });
  };
  check(around(8), blockwise, dynamic);
  const ops = optimise(around(7), { opset: 21 }).nodes.map(({ op }) => op);
  assert.ok(!ops.includes("MatMulBlocksToFloat"));
});

test("a scale for every column is one block", () => {
  const constants = {
    b: new Tensor("int4", integers, [K, N]),
    s: new Tensor("float32", scales.data.slice(0, N)),
  };
  const nodes = [node("DequantizeLinear: b s → w", { axis: 1 }), "MatMul: x w → y"];
  const wanted = product((_, n) => scales.data[n]);
  check(graph({ inputs: { x: [4, K] }, constants, nodes }), wanted, dynamic);
});

test("activations that are 8-bit integers already are taken as they are", () => {
  const constants = {
    ...{ b: new Tensor("int4", integers, [K, N]), s: scales },
    ...{ as: new Tensor("float32", [4 / 255], []), az: new Tensor("uint8", [128], []) },
  };
  const nodes = [
    "QuantizeLinear: x as az → q",
    "DequantizeLinear: q as az → xq",
    blockNodes[0],
    "MatMul: xq w → y",
  ];
  const source = graph({ inputs: { x: [4, K] }, constants, nodes });
  check(source, blockwise, ["QuantizeLinear", "MatMulBlocksToFloat"]);
});

test("MatMulNBits: two weights a byte, column by column", () => {
  const bytes = new Uint8Array((N * K) / 2);
  for (let n = 0; n < N; n++)
    for (let k = 0; k < K; k++) bytes[(n * K + k) >> 1] |= (integers[k * N + n] + 8) << ((k & 1) * 4);
  const blocks = K / BLOCK;
  const turned = Float32Array.from(
    { length: N * blocks },
    (_, i) => scales.data[(i % blocks) * N + Math.floor(i / blocks)],
  );
  const constants = {
    b: new Tensor("uint8", bytes, [N, blocks, BLOCK / 2]),
    s: new Tensor("float32", turned),
  };
  const op = {
    ...node("MatMulNBits: x b s → y", { K, N, bits: 4, block_size: BLOCK }),
    op: "com.microsoft::MatMulNBits",
  };
  check(graph({ inputs: { x: [4, K] }, constants, nodes: [op] }), blockwise, dynamic);
});

test("a dense layer's matrix, turned between the blocks and the product, is the same", () => {
  const rows = Int8Array.from({ length: K * N }, (_, i) => integers[(i % K) * N + Math.floor(i / K)]);
  const blocks = K / BLOCK;
  const turned = Array.from(
    { length: blocks * N },
    (_, i) => scales.data[(i % blocks) * N + Math.floor(i / blocks)],
  );
  const constants = {
    b: new Tensor("int4", rows, [N, K]),
    s: new Tensor("float32", turned, [N, blocks]),
  };
  const nodes = [
    node("DequantizeLinear: b s → w", { axis: 1, block_size: BLOCK }),
    node("Gemm: x w → y", { transB: 1 }),
  ];
  check(graph({ inputs: { x: [4, K] }, constants, nodes }), blockwise, dynamic);
});

test("where only what was quantized is to be, a product of floats stays, and one of bytes is taken up", () => {
  const constants = {
    ...{ b: new Tensor("int4", integers, [K, N]), s: scales },
    ...{ xs: new Tensor("float32", [0.02], []), xz: new Tensor("uint8", [128], []) },
  };
  const opsOf = (nodes: Parameters<typeof graph>[0]["nodes"]) =>
    optimise(graph({ inputs: { x: [4, K] }, constants, nodes }), { opset: 21, keepIntegers: true }).nodes.map(
      ({ op }) => op,
    );
  assert.deepEqual(opsOf(blockNodes), ["DequantizeLinear", "MatMul"]);
  const read = ["QuantizeLinear: x xs xz → q", "DequantizeLinear: q xs xz → d"];
  assert.deepEqual(opsOf([...read, blockNodes[0], "MatMul: d w → y"]), [
    "QuantizeLinear",
    "MatMulBlocksToFloat",
  ]);
});
