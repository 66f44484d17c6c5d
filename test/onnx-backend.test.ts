// ONNX's own node tests: each is a model of one operator with inputs and the outputs that are right. They go
// through the importer and the reference operators. What is known not to work is listed with its reason, and
// the list must be true in both directions.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { importOnnx } from "../src/import/onnx/import.ts";
import { TensorProtoSchema } from "../src/import/onnx/onnx_pb.ts";
import { convertTensor } from "../src/import/onnx/tensor.ts";
import { runGraph } from "../src/reference/run.ts";
import { traits } from "../src/tensor/dtype.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

const folder = new URL("../../shared/data/onnx_node/", import.meta.url);

const float8 = "8-bit floats are no element type of octavox";
const float4 = "4-bit floats are no element type of octavox";

/** Tests that must fail with an error of code "unsupported", and why. */
const unsupported: Readonly<Record<string, string>> = {
  test_dequantizelinear_e4m3fn: float8,
  test_dequantizelinear_e4m3fn_float16: float8,
  test_dequantizelinear_e4m3fn_zero_point: float8,
  test_dequantizelinear_e5m2: float8,
  test_dequantizelinear_float4e2m1: float4,
  test_quantizelinear_e4m3fn: float8,
  test_quantizelinear_e5m2: float8,
  test_quantizelinear_float4e2m1: float4,
};

/**
 * Elements that the published outputs have wrong, by their index in the first output. They come from a generator
 * that wrapped −236 to 20 where the operator's definition saturates; later releases of ONNX corrected them.
 */
const corrected: Readonly<Record<string, Readonly<Record<number, number>>>> = {
  test_qlinearmatmul_2D_int8_float16: { 5: -128 },
  test_qlinearmatmul_2D_int8_float32: { 5: -128 },
};

const RELATIVE = 1e-3;
const ABSOLUTE = 1e-6;

function readTensor(url: URL): Tensor {
  return convertTensor(fromBinary(TensorProtoSchema, readFileSync(url)), undefined);
}

function readTensors(set: URL, kind: "input" | "output"): Tensor[] {
  const count = readdirSync(set).filter((name) => name.startsWith(`${kind}_`)).length;
  return Array.from({ length: count }, (_, i) => readTensor(new URL(`${kind}_${i}.pb`, set)));
}

function same(found: Tensor, expected: Tensor, name: string): void {
  assert.equal(found.dtype, expected.dtype, `${name}: type`);
  assert.deepEqual([...found.dims], [...expected.dims], `${name}: dims`);
  if (traits(expected.dtype).kind !== "float") {
    assert.deepEqual(found.data, expected.data, name);
    return;
  }
  const [a, b] = [found.numbers(), expected.numbers()];
  const wrong = b.findIndex((value, i) => {
    if (Number.isNaN(value) || !Number.isFinite(value)) return !Object.is(a[i], value);
    return !(Math.abs(a[i] - value) <= ABSOLUTE + RELATIVE * Math.abs(value));
  });
  assert.equal(wrong, -1, `${name}[${wrong}] is ${a[wrong]}, not ${b[wrong]}`);
}

function check(name: string): void {
  const model = importOnnx(readFileSync(new URL(`${name}/model.onnx`, folder)), { file: name });
  const [graph] = model.graphs;
  for (const set of readdirSync(new URL(`${name}/`, folder)).filter((entry) =>
    entry.startsWith("test_data_set_"),
  )) {
    const data = new URL(`${name}/${set}/`, folder);
    const inputs = readTensors(data, "input");
    const feeds = Object.fromEntries(graph.inputs.map((input, i) => [input.name, inputs[i]]));
    const outputs = runGraph(graph, feeds, model.opset);
    readTensors(data, "output").forEach((expected, i) => {
      if (i === 0) Object.assign(expected.data, corrected[name]);
      same(outputs[graph.outputs[i].name], expected, graph.outputs[i].name);
    });
  }
}

const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith("test_")) : [];

test("ONNX's node tests are there", { skip: names.length === 0 && "shared/data/onnx_node is absent" }, () => {
  const missing = Object.keys({ ...unsupported, ...corrected }).filter((name) => !names.includes(name));
  assert.deepEqual(missing, [], "every exception names a test");
});

for (const name of names) {
  const reason = unsupported[name];
  if (reason === undefined) test(name, () => check(name));
  else
    test(name, (context) => {
      assert.throws(() => check(name), { code: "unsupported" });
      context.skip(reason);
    });
}
