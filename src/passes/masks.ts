// Recognising a causal mask by what it is, not by how it was written: a mask that depends on sizes alone is
// computed for several small sizes and compared with the causal mask of those sizes.

import { OctavoxError } from "../errors.ts";
import type { Graph } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { foldConstants } from "./fold.ts";
import { removeDead } from "./rewrite.ts";

/** Sizes that the symbols of the inputs are bound to, one set after the other, each symbol its own number. */
const trials = [
  [1, 1, 1, 1],
  [2, 3, 4, 5],
  [5, 2, 3, 4],
  [3, 1, 2, 2],
];

/** Values added to scores before a softmax that equal the causal mask for every trial. */
export function findCausalMasks(graph: Graph, opset: number): Set<string> {
  const producers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)),
  );
  const masks = new Set<string>();
  for (const softmax of graph.nodes.filter((node) => node.op === "Softmax")) {
    const add = producers.get(softmax.inputs[0]);
    if (add?.op === "Add") for (const input of add.inputs) masks.add(input);
  }
  for (const mask of masks)
    if (!trials.every((sizes) => isCausalFor(sizes, mask, graph, opset))) masks.delete(mask);
  return masks;
}

function isCausalFor(sizes: readonly number[], mask: string, graph: Graph, opset: number): boolean {
  const symbols = [
    ...new Set(graph.inputs.flatMap((input) => (input.dims ?? []).filter((dim) => typeof dim === "string"))),
  ];
  const size = (symbol: string): number => sizes[symbols.indexOf(symbol) % sizes.length];
  const inputs = Object.fromEntries(
    graph.inputs.map(({ name, dims }) => [
      name,
      (dims ?? []).map((dim) => (typeof dim === "string" ? size(dim) : dim)),
    ]),
  );
  const value = valueFor(inputs, mask, graph, opset);
  if (value === undefined || value.dims.length < 2) return false;
  const [rows, columns] = value.dims.slice(-2);
  return value.data.every((element: number | bigint, index: number) => {
    const [row, column] = [Math.floor(index / columns) % rows, index % columns];
    return column > row + columns - rows ? Number(element) < -1e9 : Number(element) === 0;
  });
}

/** The value as a constant; undefined when sizes do not determine it, or cannot be these. */
function valueFor(
  inputs: Readonly<Record<string, readonly number[]>>,
  name: string,
  graph: Graph,
  opset: number,
): Tensor | undefined {
  const part = removeDead({ ...graph, outputs: [{ name, dtype: "float32", dims: undefined }] });
  try {
    return foldConstants(part, inferShapes(part, { opset, inputs }), opset).constants.get(name);
  } catch (error) {
    if (error instanceof OctavoxError && error.code === "shape") return undefined;
    throw error;
  }
}
