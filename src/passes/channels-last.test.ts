import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Tensor } from "../tensor/tensor.ts";
import { convChannelsLast, fuseLimits, fusePad, poolChannelsLast } from "./channels-last.ts";
import { removeIdentities } from "./identities.ts";
import {
  apply,
  becomes,
  float,
  graph,
  int64,
  node,
  noise,
  ops,
  sameResults,
  scalar,
  settle,
  stays,
} from "./testing-text.ts";
import { sinkTransposes } from "./transposes.ts";

const turnedWeights = ["Transpose", "Reshape"];
const around = (op: string) => ["Transpose", op, "Transpose"];
const image = { x: [2, 6, 7, 5] };

describe("convolutions over images", () => {
  const conv = (weights: readonly number[], attributes = {}) =>
    graph({
      inputs: image,
      constants: { w: noise(weights), b: noise([weights[0]], 3) },
      nodes: [node("Conv: x w b → y", attributes)],
    });
  const becomesLast = (op: string, weights: readonly number[], attributes = {}) =>
    becomes(convChannelsLast, conv(weights, attributes), [...turnedWeights, ...around(op)], 2e-5);

  test("become products of windows, channels last", () => {
    becomesLast("ConvFloat", [4, 6, 3, 2]);
    becomesLast("ConvFloat", [4, 6, 3, 2], { strides: [2, 1], dilations: [1, 3], pads: [1, 0, 2, 1] });
    becomesLast("ConvFloat", [6, 2, 3, 3], { group: 3 });
    becomesLast("ConvFloat", [12, 1, 3, 3], { group: 6 });
  });

  test("are depthwise with a weight for each channel and place", () => {
    becomesLast("DepthwiseConvFloat", [6, 1, 3, 3], { group: 6, pads: [1, 1, 1, 1] });
  });

  test("that pad by themselves get the pads that this means", () => {
    for (const auto_pad of ["SAME_UPPER", "SAME_LOWER", "VALID"])
      becomesLast("ConvFloat", [4, 6, 2, 4], { auto_pad, strides: [2, 2] });
  });

  test("that pad by themselves an image of unknown size stay", () => {
    const unknown = graph({
      inputs: { x: [1, 2, "height", 9] },
      constants: { w: noise([3, 2, 3, 3]) },
      nodes: [node("Conv: x w → y", { auto_pad: "SAME_UPPER" })],
    });
    stays(convChannelsLast, unknown);
  });

  test("take the zeros that are put around their input", () => {
    const padded = (pads: Tensor, mode = "constant") =>
      graph({
        inputs: image,
        constants: { w: noise([4, 6, 3, 3]), pads },
        nodes: [node("Pad: x pads → p", { mode }), node("Conv: p w → y", { pads: [1, 0, 0, 1] })],
      });
    becomes(fusePad, padded(int64(0, 0, 1, 0, 0, 0, 2, 3)), ["Conv"]);
    stays(fusePad, padded(int64(0, 0, -1, 0, 0, 0, 2, 3)));
    stays(fusePad, padded(int64(0, 0, 1, 0, 0, 0, 2, 3), "reflect"));
  });

  test("share one layout, and limit their values themselves", () => {
    const two = graph({
      inputs: image,
      constants: { w: noise([6, 6, 3, 3]), d: noise([6, 1, 3, 3]), low: scalar(0), high: scalar(6) },
      nodes: [
        ...["Conv: x w → a", "Relu: a → r", node("Conv: r d → b", { group: 6, pads: [1, 1, 1, 1] })],
        ...["Clip: b low high → c", "Add: r c → s", node("Conv: s w → y", { pads: [1, 1, 1, 1] })],
      ],
    });
    const last = settle(two, convChannelsLast, sinkTransposes, removeIdentities, fuseLimits);
    const work = ops(last).filter((op) => op !== "Transpose" && op !== "Reshape");
    assert.deepEqual(work, ["ConvFloat", "DepthwiseConvFloat", "Add", "ConvFloat"]);
    const moved = last.nodes.filter(({ op, inputs }) => op === "Transpose" && !last.constants.has(inputs[0]));
    assert.equal(moved.length, 2);
    sameResults(two, last, 1e-3);
  });

  test("keep limits that are not constant, or that another reader does without", () => {
    const limits = graph({
      inputs: { x: [1, 4, 3], low: [] },
      constants: { w: noise([4, 2]) },
      nodes: [node("ConvFloat: x w → a", { kernel_shape: [1] }), "Clip: a low → y"],
    });
    stays(fuseLimits, apply(fuseLimits, { ...limits, constants: new Map([["w", noise([3, 2])]]) }));
    const both = graph({
      inputs: { x: [1, 4, 3] },
      constants: { w: noise([3, 2]), low: float(0) },
      nodes: [node("ConvFloat: x w → a", { kernel_shape: [1] }), "Relu: a → r", "Add: a r → y"],
    });
    stays(fuseLimits, both);
  });
});

describe("pools over images", () => {
  const pool = (op: string, attributes = {}, inputs: Readonly<Record<string, readonly number[]>> = image) =>
    graph({ inputs, nodes: [node(`${op}: x → y`, attributes)] });
  const window = { kernel_shape: [3, 2], strides: [2, 1], pads: [1, 1, 0, 0] };

  test("work channels last", () => {
    becomes(poolChannelsLast, pool("MaxPool", window), around("MaxPoolChannelsLast"));
    becomes(poolChannelsLast, pool("AveragePool", window), around("AveragePoolChannelsLast"), 1e-6);
    const all = { ...window, count_include_pad: 1 };
    becomes(poolChannelsLast, pool("AveragePool", all), around("AveragePoolChannelsLast"), 1e-6);
  });

  test("of everything are pools of one window", () => {
    becomes(poolChannelsLast, pool("GlobalMaxPool"), around("MaxPoolChannelsLast"));
    becomes(poolChannelsLast, pool("GlobalAveragePool"), around("AveragePoolChannelsLast"), 1e-6);
    const time = { x: [2, 6, 7] };
    becomes(poolChannelsLast, pool("GlobalAveragePool", {}, time), around("AveragePoolChannelsLast"), 1e-6);
  });

  test("whose last window hangs over the end, or that say where the largest was, stay", () => {
    stays(poolChannelsLast, pool("MaxPool", { ...window, ceil_mode: 1 }));
    const positions = graph({ inputs: image, nodes: [node("MaxPool: x → y at", window)] });
    stays(poolChannelsLast, positions);
  });
});
