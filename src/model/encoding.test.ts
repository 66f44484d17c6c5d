import assert from "node:assert/strict";
import { test } from "node:test";
import { type DType, dtypes, fileBytes } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import { decodeElements, encodeElements } from "./encoding.ts";

test("every type comes back from its bytes, also from an odd place", () => {
  for (const dtype of Object.keys(dtypes) as DType[]) {
    const { min, max, kind } = dtypes[dtype];
    const values =
      kind === "bool" ? [0, 1, 1, 0, 1] : [0, 1, kind === "int" ? min : -1.5, kind === "int" ? max : 0.25, 3];
    const tensor = new Tensor(dtype, values, [5]);
    const bytes = encodeElements(tensor);
    assert.equal(bytes.length, fileBytes(dtype, 5), dtype);
    const moved = new Uint8Array(bytes.length + 1).subarray(1);
    moved.set(bytes);
    assert.deepEqual(decodeElements(dtype, [5], bytes).data, tensor.data);
    assert.deepEqual(decodeElements(dtype, [5], moved).data, tensor.data);
  }
});

test("all 65536 halves survive widening and narrowing", () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
  const wide = decodeElements("float16", [65536], new Uint8Array(halves.buffer));
  const back = new Uint16Array(encodeElements(wide).slice().buffer);
  for (let i = 0; i < halves.length; i++) if (!Number.isNaN(wide.data[i])) assert.equal(back[i], i);
});

test("narrowing rounds to the nearest half, ties to even, and overflows to infinity", () => {
  const values = [1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 2 ** -24 * 1.5, 65519, 65520, -0];
  const halves = new Uint16Array(encodeElements(new Tensor("float16", values)).slice().buffer);
  assert.deepEqual([...halves], [0x3c00, 0x3c02, 0, 2, 0x7bff, 0x7c00, 0x8000]);
});
