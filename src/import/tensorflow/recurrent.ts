// A loop's layer → ONNX's LSTM or GRU, and its results without ONNX's axis of directions.

import type { GraphBuilder } from "./builder.ts";
import type { LayerNode } from "./loops.ts";

/** x [time, batch, features] → h of all steps [time, batch, width], h and c after the last one [batch, width]. */
export function emitLayer({ name, inputs, outputs, layer }: LayerNode, graph: GraphBuilder): void {
  const { op, weights, initial } = layer;
  const { hidden, w, r, b, p, projection } = weights;
  const constants = Object.entries({ W: w, R: r, B: b }).map(([part, tensor]) =>
    graph.constant(`${name}/${part}`, tensor),
  );
  const directions = graph.ints(`${name}/directions`, [0]);
  const states = [initial.h, initial.c].map((value) =>
    value === undefined ? "" : graph.compute(`${value}/directions`, "Unsqueeze", [value, directions]),
  );
  const optional = [
    ...(op === "GRU" ? [states[0]] : states),
    p ? graph.constant(`${name}/P`, p) : "",
    projection ? graph.constant(`${name}/projection`, projection) : "",
  ];
  const all = [inputs[0], ...constants, "", ...optional];
  const raw = outputs.map((output) => (output === "" ? "" : graph.fresh(`${output}/directions`)));
  const count = raw.findLastIndex((output) => output !== "") + 1;
  graph.nodes.push({
    ...{ name, op, attributes: { hidden_size: hidden } },
    inputs: all.slice(0, all.findLastIndex((input) => input !== "") + 1),
    outputs: raw.slice(0, count),
  });
  // Of all steps the axis is the second, of states the first.
  const axes = [graph.ints(`${name}/steps/directions`, [1]), directions, directions];
  raw.forEach((value, i) => {
    if (value !== "") graph.emit("Squeeze", [value, axes[i]], [outputs[i]]);
  });
}
