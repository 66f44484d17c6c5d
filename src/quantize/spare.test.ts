import assert from "node:assert/strict";
import { test } from "node:test";
import { quantize } from "./quantize.ts";
import type { Scheme, WeightFormat } from "./schemes.ts";
import { clipsFor, convolutional, recurrent } from "./testing.ts";

const channel = (bits: number): WeightFormat => ({ bits, symmetric: true, granularity: "channel" });

const scheme = (meanBits: number, layers: readonly string[]): Scheme => ({
  name: "spares",
  weights: channel(4),
  spare: { layers, weights: channel(8), meanBits },
});

const spared = async (model: ReturnType<typeof recurrent>, own: Scheme) => {
  const { report } = await quantize(model, { scheme: own, calibration: clipsFor(model, 12) });
  return report;
};

test("matrices keep more bits, the noisiest first, while the weights stay small enough on average", async () => {
  const model = convolutional();
  const bits = async (meanBits: number) => (await spared(model, scheme(meanBits, ["*"]))).layers;
  const none = await bits(4);
  assert.deepEqual(
    none.map((layer) => layer.bits),
    [4, 4, 4, 4],
  );
  const some = await bits(5.5);
  const total = (layers: typeof some) => layers.reduce((sum, { bytesAfter }) => sum + bytesAfter, 0);
  assert.ok(some.some((layer) => layer.bits === 8) && some.some((layer) => layer.bits === 4));
  assert.ok(total(some) > total(none) && total(some) <= (total(none) * 5.5) / 4);
  assert.deepEqual(
    (await bits(8)).map((layer) => layer.bits),
    [8, 8, 8, 8],
  );
});

test("a recurrent first layer keeps more bits of what its input meets alone, and the report says so", async () => {
  for (const op of ["LSTM", "GRU"] as const) {
    const { layers } = await spared(recurrent(op), scheme(6, ["@first"]));
    assert.equal(layers[0].bits, 4);
    assert.equal(layers[0].note, "8-bit weights of the input");
    assert.equal(layers[1].note, undefined);
  }
});

test("only named layers are spared", async () => {
  const { layers } = await spared(convolutional(), scheme(8, ["@last"]));
  assert.deepEqual(
    layers.map(({ bits, note }) => [bits, note]),
    [
      [4, undefined],
      [4, undefined],
      [4, undefined],
      [8, "8-bit weights"],
    ],
  );
});
