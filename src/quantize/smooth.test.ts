import assert from "node:assert/strict";
import { test } from "node:test";
import type { Model } from "../model/graph.ts";
import { runGraph } from "../reference/run.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { sqnr } from "./error.ts";
import { quantize } from "./quantize.ts";
import { clipsFor, recurrent } from "./testing.ts";

/** A recurrent model whose features differ in size, and whose weights make up for it. */
function uneven(op: "LSTM" | "GRU"): { model: Model; clips: ReturnType<typeof clipsFor> } {
  const model = recurrent(op);
  const sizes = Array.from({ length: 10 }, (_, i) => 4 ** (i % 5));
  const w = model.graphs[0].constants.get("w")!.data as Float32Array;
  w.forEach((value, i) => {
    w[i] = value / sizes[i % 10];
  });
  const even = clipsFor(model, 60);
  const feeds = (index: number) => {
    const { x } = even.feeds(index) as Record<string, Tensor>;
    (x.data as Float32Array).forEach((value, i) => {
      x.data[i] = value * sizes[i % 10];
    });
    return { x };
  };
  return { model, clips: { size: 12, feeds } };
}

test("features of uneven size cost a recurrent layer less when they are smoothed, and in float nothing", async () => {
  for (const op of ["LSTM", "GRU"] as const) {
    const { model, clips } = uneven(op);
    const [{ name }] = model.graphs[0].outputs;
    const answers = ({ graphs: [graph], opset }: Model) =>
      [40, 41, 42].flatMap((i) =>
        runGraph(graph, clips.feeds(i) as Record<string, Tensor>, opset)[name].numbers(),
      );
    const quality = async (scheme: string, method: string) => {
      const { model: quantized } = await quantize(model, { scheme, method, calibration: clips });
      return sqnr(answers(model), answers(quantized));
    };
    assert.ok((await quality("w16a16", "smooth")) > 60);
    const [plain, smooth] = [await quality("w8a16", "nearest"), await quality("w8a16", "smooth")];
    assert.ok(smooth > plain + 6, `${op}: ${plain} dB, smoothed ${smooth} dB`);
  }
});

test("the smoothed layer is still the first one, and other layers' features stay as they are", async () => {
  const { model, clips } = uneven("LSTM");
  const { model: quantized, report } = await quantize(model, { scheme: "w8a8", calibration: clips });
  assert.equal(report.layers[0].activationBits, 16);
  const scaled = quantized.graphs[0].nodes.filter(({ op }) => op === "Mul");
  assert.deepEqual(
    scaled.map(({ outputs }) => outputs),
    [["cell/smoothed"]],
  );
});
