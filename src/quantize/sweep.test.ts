import assert from "node:assert/strict";
import { test } from "node:test";
import { graph, noise } from "../passes/testing-text.ts";
import { sweepBits } from "./sweep.ts";

const dense = graph({
  inputs: { x: [1, 8] },
  constants: { w: noise([8, 40], 1), v: noise([40, 5], 2) },
  nodes: ["MatMul: x w → h", "Relu: h → r", "MatMul: r v → y"],
});
const model = { graphs: [dense], opset: 17, metadata: {} };
const calibration = { size: 12, feeds: (i: number) => ({ x: noise([1, 8], i + 3) }) };

test("more bits keep more of the answers, and take more bytes", async () => {
  const asked: string[] = [];
  const points = await sweepBits(model, {
    ...{ calibration, method: "mse", bits: [2, 4, 8, 12] },
    onProgress: (done, total, scheme) => asked.push(`${done}/${total} ${scheme}`),
  });
  assert.deepEqual(asked.slice(0, 2), ["0/8 w2a16", "1/8 w4a16"]);
  for (const what of ["weights", "weights and activations"]) {
    const line = points.filter((point) => point.what === what);
    assert.deepEqual(
      line.map(({ bits }) => bits),
      [2, 4, 8, 12],
    );
    for (const [i, point] of line.slice(1).entries()) {
      assert.ok(point.agreement.sqnr > line[i].agreement.sqnr, `${what}, ${point.bits} bits`);
      assert.ok(point.bytes >= line[i].bytes, `${what}, ${point.bits} bits`);
    }
  }
});

test("without clips there are no answers to compare", async () => {
  await assert.rejects(sweepBits(model, {}), { code: "argument", message: /clips/ });
});
