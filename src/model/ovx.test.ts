import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { nibbleBytes, panelBytes } from "../kernels/layout.ts";
import { Tensor } from "../tensor/tensor.ts";
import { crc32 } from "./crc32.ts";
import {
  assembleModel,
  ovxHeadBytes,
  PRELUDE_BYTES,
  readOvx,
  readOvxHeader,
  readTensor,
  writeOvx,
} from "./ovx.ts";
import { panelledBytes } from "./panels.ts";
import { branch, encoder, matrix, model } from "./test-model.ts";

const file = writeOvx(model);

describe("what is written is read again", () => {
  test("graphs, attributes, tensors, layouts, states and metadata", () => {
    assert.deepEqual(readOvx(file), model);
  });

  test("a file read and written has the same bytes", () => {
    assert.deepEqual(writeOvx(readOvx(file)), file);
  });

  test("constants that are equal are stored once and come back as one tensor", () => {
    const { graphs } = readOvx(file);
    assert.equal(graphs[0].constants.get("w"), graphs[1].constants.get("w"));
    assert.equal(graphs[0].constants.get("w"), graphs[0].constants.get("same"));
    assert.equal(readOvxHeader(file).tensors.filter((record) => record.dtype === "float32").length, 1);
  });

  test("tensors are views of the file where it is aligned, copies where it is not", () => {
    assert.equal(readOvx(file).graphs[0].constants.get("w")!.data.buffer, file.buffer);
    const moved = new Uint8Array(file.length + 1).subarray(1);
    moved.set(file);
    assert.deepEqual(readOvx(moved), model);
    assert.deepEqual(readOvx(Buffer.from(moved.buffer, 1)), model);
  });

  test("the header can be read first, and each tensor from wherever its bytes were put", () => {
    const head = file.slice(0, ovxHeadBytes(file.subarray(0, PRELUDE_BYTES)));
    const header = readOvxHeader(head, file.length);
    const memory = new Uint8Array(file.length);
    memory.set(file.subarray(header.dataOffset));
    const tensors = header.tensors.map((record) =>
      readTensor(record, memory.subarray(record.offset, record.offset + record.bytes)),
    );
    assert.deepEqual(assembleModel(header, tensors), model);
    assert.ok(header.tensors.every(({ offset }) => offset % 64 === 0) && header.dataOffset % 64 === 0);
  });

  test("a dozen lines that know docs/format.md only find a tensor's numbers", () => {
    const view = new DataView(file.buffer);
    const length = view.getUint32(12, true);
    const header = JSON.parse(new TextDecoder().decode(file.subarray(20, 20 + length)));
    const data = 64 * Math.ceil((20 + length) / 64);
    const constants = new Map<string, number>(header.graphs[1].constants);
    const { offset, dims, crc32: sum, bytes } = header.tensors[constants.get("m")!];
    assert.equal(crc32(file.subarray(data + offset, data + offset + bytes)), sum);
    const [rows] = dims;
    const at = (k: number, n: number) =>
      ((n >> 3) * Math.ceil(rows / 4) + (k >> 2)) * 32 + (n % 8) * 4 + (k % 4);
    assert.equal(view.getInt8(data + offset + at(4, 5)), matrix[4 * 6 + 5]);
  });

  test("panels are as large as the kernels make them", () => {
    for (const [k, n] of [
      [0, 0],
      [1, 1],
      [4, 8],
      [5, 9],
      [288, 32768],
    ]) {
      assert.equal(panelledBytes("int8", k, n), panelBytes(k, n));
      assert.equal(panelledBytes("int4", k, n), nibbleBytes(k, n));
    }
  });

  test("a model without tensors, and one whose last tensor is empty", () => {
    for (const constants of [new Map(), new Map([["e", new Tensor("float32", [], [0])]])]) {
      const small = { ...model, states: [], graphs: [{ ...branch, outputs: [], nodes: [], constants }] };
      assert.deepEqual(readOvx(writeOvx(small)).graphs, small.graphs);
    }
  });

  test("a graph with a value that nobody makes is not written", () => {
    const nodes = [{ ...encoder.nodes[0], inputs: ["x", "ghost"] }];
    assert.throws(() => writeOvx({ ...model, graphs: [{ ...encoder, nodes }] }), /"ghost"/);
  });
});
