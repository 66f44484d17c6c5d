// Cross-layer equalization in a graph: pairs of layers with nothing but a ReLU between them, and nobody else looking.

import type { Graph } from "../model/graph.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { Layer } from "./layers.ts";
import { equalizingFactors } from "./methods/equalize.ts";

/** Going once over the pairs moves ranges along; so many rounds settle them. */
const ROUNDS = 8;

interface Pair {
  first: Layer;
  second: Layer;
}

/** The graph with other weights that computes the same. */
export function equalizeGraph(graph: Graph, layers: readonly Layer[]): Graph {
  const constants = new Map(graph.constants);
  const all = pairs(graph, layers);
  for (let round = 0; round < ROUNDS; round++) for (const pair of all) equalize(pair, constants);
  return { ...graph, constants };
}

function pairs(graph: Graph, layers: readonly Layer[]): Pair[] {
  const reads = (value: string): number =>
    graph.nodes.reduce((sum, { inputs }) => sum + inputs.filter((input) => input === value).length, 0) +
    graph.outputs.filter(({ name }) => name === value).length;
  return layers.flatMap((first) => {
    const second = layers.find((layer) => layer.input === first.output);
    const activation = graph.nodes.find((node) => node.outputs[0] === first.output);
    const linear = activation === first.node || activation?.op === "Relu";
    const own = [first, second].every((layer) => layer && isPlain(layer, graph, reads));
    return second && linear && own && reads(first.output) === 1 ? [{ first, second }] : [];
  });
}

/** One set of weights that nobody else uses, in rows of outputs; its bias in its own node. */
function isPlain(
  { op, node, weights, bias }: Layer,
  graph: Graph,
  reads: (value: string) => number,
): boolean {
  const inPlace = bias === undefined || bias.node === node.name;
  const vector = node.inputs[2];
  const known = !vector || (graph.constants.has(vector) && reads(vector) === 1);
  const rows = op === "Conv" || (op === "Gemm" && weights[0].shape.axis === 0);
  return rows && inPlace && known && reads(weights[0].constant) === 1;
}

function equalize({ first, second }: Pair, constants: Map<string, Tensor>): void {
  const [a, b] = [first, second].map(({ weights: [{ constant }] }) => constants.get(constant)!);
  const channels = a.dims[0];
  // Channel c of the second: its own rows where it is depthwise, a column in all rows where it is not.
  const depthwise = second.roles.has("@depthwise");
  const inner = depthwise ? b.size / channels : b.size / b.dims[0] / b.dims[1];
  if (depthwise ? b.dims[0] !== channels : b.dims[1] !== channels) return;
  const channelOf = (i: number): number => Math.floor(i / inner) % channels;
  const [own, next] = [new Float64Array(channels), new Float64Array(channels)];
  const perRow = a.size / channels;
  const [wa, wb] = [a.data as Float32Array, b.data as Float32Array];
  for (let i = 0; i < wa.length; i++) {
    const row = Math.floor(i / perRow);
    own[row] = Math.max(own[row], Math.abs(wa[i]));
  }
  for (let i = 0; i < wb.length; i++) next[channelOf(i)] = Math.max(next[channelOf(i)], Math.abs(wb[i]));
  const factors = equalizingFactors(own, next);
  const put = (name: string, tensor: Tensor, scale: (i: number) => number): void => {
    const data = (tensor.data as Float32Array).map((value, i) => value * scale(i));
    constants.set(name, new Tensor("float32", data, tensor.dims));
  };
  put(first.weights[0].constant, a, (i) => 1 / factors[Math.floor(i / perRow)]);
  put(second.weights[0].constant, b, (i) => factors[channelOf(i)]);
  const bias = first.node.inputs[2];
  if (bias) put(bias, constants.get(bias)!, (i) => 1 / factors[i]);
}
