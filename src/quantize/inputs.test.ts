import assert from "node:assert/strict";
import { test } from "node:test";
import { inferShapes } from "../model/infer.ts";
import { runGraph } from "../reference/run.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { addInputs, statisticsFor } from "./inputs.ts";
import { findLayers } from "./layers.ts";
import { toMatrix } from "./matrix.ts";
import { GraphBuilder, noise } from "./testing.ts";

/** What a layer's mean input makes of its weights is its mean output: the windows are the operator's own. */
function checkMeans(
  attributes: Record<string, number | string | number[]>,
  weights: number[],
  x: number[],
): void {
  const b = new GraphBuilder();
  const model = b.model(x, b.add("conv", "Conv", ["x", b.weights("w", weights)], attributes));
  const [graph] = model.graphs;
  const [layer] = findLayers(graph, inferShapes(graph, model)).layers;
  const [own] = layer.weights;
  const input = new Tensor("float32", noise(sizeOf(x), 9), x);
  const statistics = statisticsFor(layer, own);
  addInputs(statistics, layer, own, { x: input });
  const { conv } = runGraph(graph, { x: input }, model.opset);
  const { values, rows, k } = toMatrix(own.tensor, own.shape);
  const positions = conv.size / rows;
  for (let row = 0; row < rows; row++) {
    const mean = statistics[Math.floor((row * statistics.length) / rows)].mean();
    const expected = mean.reduce((sum, value, i) => sum + value * values[row * k + i], 0);
    const outputs = conv.numbers().slice(row * positions, (row + 1) * positions);
    const found = outputs.reduce((sum, value) => sum + value, 0) / positions;
    assert.ok(Math.abs(found - expected) < 1e-5, `row ${row}: ${found} and ${expected}`);
  }
}

test("windows are the convolution's own, however it strides, dilates, pads and groups", () => {
  checkMeans({ pads: [1, 0, 2, 1], strides: [2, 1] }, [4, 3, 3, 2], [1, 3, 9, 7]);
  checkMeans({ auto_pad: "SAME_UPPER", strides: [2, 2] }, [4, 2, 3, 4], [1, 2, 9, 8]);
  checkMeans({ auto_pad: "SAME_LOWER" }, [4, 2, 2, 2], [1, 2, 5, 6]);
  checkMeans({ auto_pad: "VALID", dilations: [2, 1] }, [4, 2, 3, 2], [1, 2, 9, 6]);
  checkMeans({ group: 3, pads: [1, 1, 1, 1], kernel_shape: [3, 3] }, [3, 1, 3, 3], [1, 3, 6, 5]);
  checkMeans({ group: 2 }, [6, 2, 1, 3], [1, 4, 4, 5]);
  checkMeans({ pads: [2, 0] }, [4, 3, 3], [1, 3, 20]);
});

test("of long inputs evenly spaced columns are taken, as many as there are groups of rows keep them", () => {
  const b = new GraphBuilder();
  const model = b.model([1, 2, 4000], b.add("conv", "Conv", ["x", b.weights("w", [2, 1, 3])], { group: 2 }));
  const [graph] = model.graphs;
  const [layer] = findLayers(graph, inferShapes(graph, model)).layers;
  const statistics = statisticsFor(layer, layer.weights[0]);
  const x = new Tensor("float32", noise(8000), [1, 2, 4000]);
  for (let clip = 0; clip < 3; clip++) addInputs(statistics, layer, layer.weights[0], { x });
  assert.equal(statistics.length, 2);
  for (const { count } of statistics) assert.ok(count > 3 * 150 && count <= 3 * 192, `${count}`);
});
