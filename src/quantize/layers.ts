// A graph's layers: the nodes that multiply by weights, with where their weights, inputs and biases are, and what
// becomes of their sums before anything else sees them.

import type { Graph, Node } from "../model/graph.ts";
import type { Fact } from "../model/infer.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";
import { featureSource } from "./activations.ts";
import type { WeightShape } from "./matrix.ts";
import type { NamedLayer, Role } from "./patterns.ts";

export interface LayerWeights {
  /** Which input of the node. */
  at: number;
  /** Name of the constant. */
  constant: string;
  tensor: Tensor;
  shape: WeightShape;
  /** What meets these weights: the layer's input, its own last output, or what no value shows. */
  meets: "input" | "recurrent" | "inner";
}

export interface Layer extends NamedLayer {
  node: Node;
  /** The activation the weights meet. */
  input: string;
  weights: readonly LayerWeights[];
  /** The value after the layer's bias and activation, where nothing else reads what is between. */
  output: string;
  bias: Bias | undefined;
}

/** A bias that a correction can be added to: so many numbers from `from` on of input `at` of a node. */
export interface Bias {
  node: string;
  at: number;
  from: number;
  /** Its dimensions, where there is none yet. */
  dims: readonly number[];
}

/** A node with weights that no integer form is known for. */
export interface Unsupported {
  name: string;
  op: string;
  why: string;
}

interface Kind {
  weights: readonly {
    at: number;
    meets: LayerWeights["meets"];
    /** How weights lie, or why these cannot be quantized. */
    shape(tensor: Tensor, node: Node): WeightShape | string;
  }[];
  bias?(node: Node, weights: readonly LayerWeights[]): Bias;
}

const groupsOf = ({ attributes }: Node): number => Number(attributes.group ?? 1);

const rows = (tensor: Tensor, depthAxis: number): WeightShape => ({
  ...{ dims: tensor.dims, axis: 0, depthAxis, gates: 1 },
});

const columns = (tensor: Tensor): WeightShape | string =>
  tensor.dims.length === 2
    ? { dims: tensor.dims, axis: 1, depthAxis: 0, gates: 1 }
    : `weights of ${tensor.dims.length} dimensions`;

/** [directions, gates·hidden, width] */
const recurrent = (gates: number): Kind => {
  const shape = ({ dims }: Tensor): WeightShape => ({ dims, axis: 1, depthAxis: 2, gates });
  return {
    weights: [
      { at: 1, meets: "input", shape },
      { at: 2, meets: "recurrent", shape },
      // octavox's extension: [directions, hidden, projected]; its outputs are the last axis.
      {
        at: 8,
        meets: "inner",
        shape: ({ dims }) =>
          dims[0] === 1 ? { dims, axis: 2, depthAxis: 1, gates: 1 } : "a projection in two directions",
      },
    ],
    bias: (node, [{ tensor }]) => ({
      ...{ node: node.name, at: 3, from: 0, dims: [tensor.dims[0], 2 * tensor.dims[1]] },
    }),
  };
};

const kinds: Readonly<Record<string, Kind>> = {
  Conv: {
    weights: [{ at: 1, meets: "input", shape: (tensor) => rows(tensor, 1) }],
    bias: (node, [{ tensor }]) => ({ node: node.name, at: 2, from: 0, dims: [tensor.dims[0]] }),
  },
  Gemm: {
    weights: [
      {
        at: 1,
        meets: "input",
        shape: (tensor, { attributes }) =>
          Number(attributes.transA ?? 0) !== 0
            ? "a transposed input"
            : Number(attributes.transB ?? 0) === 1
              ? rows(tensor, 1)
              : columns(tensor),
      },
    ],
    bias: (node, [{ tensor, shape }]) => ({
      ...{ node: node.name, at: 2, from: 0, dims: [tensor.dims[shape.axis]] },
    }),
  },
  MatMul: { weights: [{ at: 1, meets: "input", shape: columns }] },
  LSTM: recurrent(4),
  GRU: recurrent(3),
};

/** Operators that have weights and no integer form, with the inputs these may be. */
const withoutForm: Readonly<Record<string, readonly number[]>> = {
  ConvTranspose: [1],
  RNN: [1],
  Einsum: [0, 1],
  Gather: [0],
};
/** What is smaller is no layer: an offset, a table of positions. */
const FEWEST_WEIGHTS = 256;
const SMALL = 4096;

/** Activations that change nothing about a grid but its ends. */
const activations = new Set(["Relu", "Clip"]);

export function findLayers(
  graph: Graph,
  facts: ReadonlyMap<string, Fact>,
): { layers: Layer[]; unsupported: Unsupported[] } {
  const unsupported: Unsupported[] = [];
  const found: Layer[] = [];
  const floats = (name: string): Tensor | undefined => {
    const tensor = name === "" ? undefined : graph.constants.get(name);
    return tensor?.dtype === "float32" ? tensor : undefined;
  };
  for (const node of graph.nodes) {
    const { name, op } = node;
    for (const at of withoutForm[op] ?? [])
      if ((floats(node.inputs[at] ?? "")?.size ?? 0) >= FEWEST_WEIGHTS)
        unsupported.push({ name, op, why: "octavox has no integer form of this operator" });
    const layer = Object.hasOwn(kinds, op) ? layerOf(node, kinds[op], floats) : undefined;
    if (typeof layer === "string") unsupported.push({ name, op, why: layer });
    else if (layer && facts.get(layer.input)?.dtype === "float32") found.push(layer);
  }
  const walk = new Walk(graph);
  const layers = found.map((layer) => walk.complete(layer));
  return { layers: withRoles(layers, graph), unsupported };
}

function layerOf(
  node: Node,
  kind: Kind,
  floats: (name: string) => Tensor | undefined,
): Layer | string | undefined {
  const weights: LayerWeights[] = [];
  for (const { at, meets, shape } of kind.weights) {
    const constant = node.inputs[at] ?? "";
    const tensor = floats(constant);
    // A product of two activations is no layer.
    if (!tensor && at === kind.weights[0].at) return undefined;
    if (!tensor) continue;
    const found = shape(tensor, node);
    if (typeof found === "string") return found;
    weights.push({ at, constant, tensor, shape: found, meets });
  }
  const { name, op } = node;
  const output = node.outputs.find((each) => each !== "") ?? "";
  return {
    ...{ name, op, node, input: node.inputs[0], weights, output, roles: new Set<Role>() },
    bias: kind.bias?.(node, weights),
  };
}

/** Follows a layer's sums to where others see them. */
class Walk {
  private readonly graph: Graph;
  private readonly readers = new Map<string, Node[]>();
  private readonly outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    this.graph = graph;
    this.outputs = new Set(graph.outputs.map(({ name }) => name));
    for (const node of graph.nodes)
      for (const input of node.inputs) this.readers.set(input, [...(this.readers.get(input) ?? []), node]);
  }

  complete(layer: Layer): Layer {
    let { output, bias } = layer;
    const add = this.onlyReader(output);
    const added = add?.op === "Add" ? add.inputs.findIndex((input) => this.graph.constants.has(input)) : -1;
    const vector = added < 0 ? undefined : this.graph.constants.get(add!.inputs[added]);
    const width = layer.weights[0].tensor.dims[layer.weights[0].shape.axis];
    // The bias of a product is often a node of its own.
    if (add && !bias && vector?.size === width && vector.dims.at(-1) === width) {
      bias = { node: add.name, at: added, from: 0, dims: vector.dims };
      output = add.outputs[0];
    }
    const activation = this.onlyReader(output);
    if (activation && activations.has(activation.op) && activation.inputs[0] === output)
      output = activation.outputs[0];
    return { ...layer, output, bias };
  }

  private onlyReader(value: string): Node | undefined {
    const readers = this.readers.get(value) ?? [];
    return readers.length === 1 && !this.outputs.has(value) ? readers[0] : undefined;
  }
}

function withRoles(layers: readonly Layer[], graph: Graph): Layer[] {
  const last = layers.at(-1);
  const source = featureSource(graph);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  return layers.map((layer) => {
    const roles = new Set<Role>();
    if (inputs.has(source(layer.input))) roles.add("@first");
    if (layer === last && graph.outputs.length > 0) roles.add("@last");
    const groups = groupsOf(layer.node);
    if (groups > 1 && layer.weights[0].tensor.dims[1] === 1) roles.add("@depthwise");
    if (layer.op === "LSTM" || layer.op === "GRU") roles.add("@recurrent");
    if (layer.weights.reduce((sum, { tensor }) => sum + sizeOf(tensor.dims), 0) < SMALL) roles.add("@small");
    return { ...layer, roles };
  });
}
