// Smoothing (after SmoothQuant, Xiao and others, 2022): x·W = (x/s)·(s·W). The features that a recurrent layer reads are
// few and of very different size, and one scale for a row of weights leaves the columns of large ones a few steps only.
// Divided by powers of two, which no rounding sees, they come closer together.

import type { Graph } from "../model/graph.ts";
import { stridesOf, Tensor } from "../tensor/tensor.ts";
import type { Calibration } from "./calibrate.ts";
import type { Layer } from "./layers.ts";
import { hessiansOf } from "./weights.ts";

/** With more columns rounding has others to make good what one does wrong. */
const MOST_COLUMNS = 64;
const operators = new Set(["LSTM", "GRU", "MatMul", "Gemm"]);

/** Layers that read few features, through weights of their own. */
export function layersToSmooth(graph: Graph, layers: readonly Layer[]): Layer[] {
  const reads = (value: string): number =>
    graph.nodes.reduce((sum, { inputs }) => sum + inputs.filter((input) => input === value).length, 0);
  return layers.filter(({ op, roles, weights: [{ constant, shape }] }) => {
    const columns = shape.dims[shape.depthAxis];
    return operators.has(op) && roles.has("@first") && columns <= MOST_COLUMNS && reads(constant) === 1;
  });
}

/** The graph that computes the same, with smaller features and larger weights, or the other way round. */
export function smoothInputs(graph: Graph, layers: readonly Layer[], calibration: Calibration): Graph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node) => {
    const layer = layers.find((each) => each.node === node);
    const factors = layer && factorsOf(layer, calibration);
    if (!factors) return [node];
    const { input, weights } = layer;
    const [{ constant, tensor, shape }] = weights;
    const [size, inner] = [shape.dims[shape.depthAxis], stridesOf(shape.dims)[shape.depthAxis]];
    const data = (tensor.data as Float32Array).map((w, i) => w * factors[Math.floor(i / inner) % size]);
    constants.set(constant, new Tensor("float32", data, tensor.dims));
    const [by, smooth] = ["smoothing", "smoothed"].map((part) => `${node.name}/${part}`);
    constants.set(
      by,
      new Tensor(
        "float32",
        factors.map((factor) => 1 / factor),
      ),
    );
    const scaled = { name: smooth, op: "Mul", inputs: [input, by], outputs: [smooth], attributes: {} };
    return [scaled, { ...node, inputs: [smooth, ...node.inputs.slice(1)] }];
  });
  return { ...graph, nodes, constants };
}

/** Powers of two near deviation^¾ of each column: all the way, the weights would span what the features did. */
function factorsOf(layer: Layer, calibration: Calibration): Float32Array | undefined {
  const moments = hessiansOf(layer, 0, calibration)?.[0];
  if (!moments) return undefined;
  const k = Math.sqrt(moments.length);
  return Float32Array.from({ length: k }, (_, i) => {
    const root = Math.sqrt(Math.sqrt(Math.max(0, moments[i * k + i])));
    return root > 0 ? nearestPower(root * Math.sqrt(root)) : 1;
  });
}

/** The nearest power of two, as ratios go. */
function nearestPower(x: number): number {
  let power = 1;
  while (x > power * Math.SQRT2) power *= 2;
  while (x < power * Math.SQRT1_2) power /= 2;
  return power;
}
