import assert from "node:assert/strict";
import { test } from "node:test";
import { dequantize, dynamicQuantize } from "./quantize.ts";

test("dynamicQuantize gives what the ONNX specification shows for its examples", () => {
  const { y, scale, zero } = dynamicQuantize(Float32Array.of(0, 2, -3, -2.5, 1.34, 0.5));
  assert.equal(scale, Math.fround(5 / 255));
  assert.equal(zero, 153);
  assert.deepEqual([...y], [153, 255, 0, 26, 221, 179]);
});

test("dynamicQuantize keeps 0 exact and everything within half a scale", () => {
  for (const shift of [-3, 0, 0.2, 3]) {
    const x = Float32Array.from({ length: 500 }, (_, i) => Math.sin(i) + shift);
    const { y, scale, zero } = dynamicQuantize(x);
    const back = dequantize(y, scale, zero);
    // The zero point is rounded too: at the ends of the range another half may be cut off.
    for (const [i, value] of back.entries()) assert.ok(Math.abs(value - x[i]) <= scale * 1.0001);
    assert.equal(dequantize(Uint8Array.of(zero), scale, zero)[0], 0);
  }
});

test("dequantize takes signed and unsigned bytes", () => {
  assert.deepEqual([...dequantize(Uint8Array.of(0, 255), 0.5, 128)], [-64, 63.5]);
  assert.deepEqual([...dequantize(Int8Array.of(-128, 127), 0.5, -1)], [-63.5, 64]);
});
