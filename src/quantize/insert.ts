// The quantized graph, in ONNX's form: weights are integers that DequantizeLinear reads, and activations pass through
// QuantizeLinear and DequantizeLinear. It runs as it is, on floats that lie on grids; passes make integer operators of
// it.

import type { Attributes, Graph, Node } from "../model/graph.ts";
import { type DType, dtypes } from "../tensor/dtype.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { ActivationUse } from "./activations.ts";
import { activationType, type Grid, rangeOf } from "./grid.ts";
import type { Layer, LayerWeights } from "./layers.ts";
import { type QuantizedWeights, storedWeights } from "./matrix.ts";
import type { ActivationFormat } from "./schemes.ts";

/** What becomes of a layer. */
export interface QuantizedLayer {
  layer: Layer;
  /** Of each of the layer's weights. */
  weights: readonly QuantizedWeights[];
  /** To add to its bias. */
  correction: Float32Array | undefined;
}

export interface Insertion {
  layers: readonly QuantizedLayer[];
  uses: readonly ActivationUse[];
  /** More attributes, by node. */
  attributes?: ReadonlyMap<string, Attributes>;
  /** The grid of a value that is not quantized on the fly. */
  gridOf(value: string, format: ActivationFormat): Grid;
}

/** The graph with all of that in place; values keep their names. */
export function insertQuantization(graph: Graph, { layers, uses, attributes, gridOf }: Insertion): Graph {
  const builder = new Builder(graph);
  for (const quantized of layers) builder.quantizeWeights(quantized);
  for (const use of uses) builder.quantizeActivation(use, gridOf);
  return builder.finish(attributes ?? new Map());
}

class Builder {
  private readonly graph: Graph;
  private readonly constants: Map<string, Tensor>;
  private readonly taken: Set<string>;
  /** Inputs that nodes take now, by node and place. */
  private readonly inputs = new Map<string, string[]>();
  /** Nodes that need constants alone. */
  private readonly before: Node[] = [];
  /** Nodes to put behind the producer of a value. */
  private readonly behind = new Map<string, Node[]>();
  /** Constants in whose place others are read. */
  private readonly replaced = new Set<string>();
  /** What was made already: weights by constant, grids by value and format. */
  private readonly made = new Map<string, string>();

  constructor(graph: Graph) {
    this.graph = graph;
    this.constants = new Map(graph.constants);
    this.taken = new Set([
      ...graph.constants.keys(),
      ...graph.inputs.map(({ name }) => name),
      ...graph.nodes.flatMap(({ name, outputs }) => [name, ...outputs]),
    ]);
    for (const node of graph.nodes) this.inputs.set(node.name, [...node.inputs]);
  }

  quantizeWeights({ layer, weights, correction }: QuantizedLayer): void {
    layer.weights.forEach((own, i) => {
      this.inputs.get(layer.name)![own.at] = this.dequantized(own, weights[i]);
    });
    if (correction && layer.bias) this.correctBias(layer.bias, correction);
  }

  quantizeActivation({ node, at, value, format }: ActivationUse, gridOf: Insertion["gridOf"]): void {
    const key = `${value}\n${JSON.stringify(format)}`;
    const known = this.made.get(key) ?? this.pair(value, format, gridOf);
    this.made.set(key, known);
    this.inputs.get(node.name)![at] = known;
  }

  finish(attributes: ReadonlyMap<string, Attributes>): Graph {
    const { graph, behind } = this;
    const nodes = [...this.before, ...graph.inputs.flatMap(({ name }) => behind.get(name) ?? [])];
    for (const node of graph.nodes) {
      const own = attributes.get(node.name);
      const more = own ? { attributes: { ...node.attributes, ...own } } : {};
      nodes.push({ ...node, ...more, inputs: this.inputs.get(node.name)! });
      for (const output of node.outputs) nodes.push(...(behind.get(output) ?? []));
    }
    const used = new Set([...nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ name }) => name)]);
    // Only what was replaced goes: subgraphs may take other constants from here.
    const constants = new Map(
      [...this.constants].filter(([name]) => used.has(name) || !this.replaced.has(name)),
    );
    return { ...graph, nodes, constants };
  }

  private dequantized({ constant, shape }: LayerWeights, quantized: QuantizedWeights): string {
    const key = `${constant}\n${shape.axis}`;
    const known = this.made.get(key);
    if (known !== undefined) return known;
    this.replaced.add(constant);
    const { axis, block } = quantized.grids.groups;
    const { weights, scales, zeros } = storedWeights(quantized, shape.dims);
    const inputs = [
      this.constant(`${constant}/quantized`, weights),
      this.constant(`${constant}/scale`, scales),
    ];
    if (zeros) inputs.push(this.constant(`${constant}/zero`, zeros));
    const output = this.fresh(`${constant}/dequantized`);
    const attributes = {
      ...(axis === undefined ? {} : { axis }),
      ...(block === undefined ? {} : { block_size: block }),
    };
    this.before.push({ name: output, op: "DequantizeLinear", inputs, outputs: [output], attributes });
    this.made.set(key, output);
    return output;
  }

  private pair(value: string, format: ActivationFormat, gridOf: Insertion["gridOf"]): string {
    const [q, x] = [this.fresh(`${value}/quantized`), this.fresh(`${value}/dequantized`)];
    const dequantize = (inputs: string[]): Node => ({
      ...{ name: x, op: "DequantizeLinear", inputs, outputs: [x], attributes: {} },
    });
    if (format.range === "dynamic") {
      const [scale, zero] = [this.fresh(`${value}/scale`), this.fresh(`${value}/zero`)];
      const attributes = format.bits === 8 ? {} : { bits: format.bits };
      const outputs = [q, scale, zero];
      this.put(value, { name: q, op: "DynamicQuantizeLinear", inputs: [value], outputs, attributes });
      this.put(value, dequantize(outputs));
      return x;
    }
    const grid = gridOf(value, format);
    const type = activationType(format);
    const params = [
      this.constant(`${value}/scale`, new Tensor("float32", [grid.scale], [])),
      this.constant(`${value}/zero`, new Tensor(type, [grid.zero], [])),
    ];
    const limited = this.limited(value, grid, type);
    this.put(value, {
      name: q,
      op: "QuantizeLinear",
      inputs: [limited, ...params],
      outputs: [q],
      attributes: {},
    });
    this.put(value, dequantize([q, ...params]));
    return x;
  }

  /** QuantizeLinear saturates where its type ends; a grid of fewer steps ends before. */
  private limited(value: string, grid: Grid, type: DType): string {
    if (grid.high === dtypes[type as "int8"].max) return value;
    const { min, max } = rangeOf(grid);
    const output = this.fresh(`${value}/limited`);
    const limits = [min, max].map((limit, i) =>
      this.constant(`${value}/${i === 0 ? "least" : "most"}`, new Tensor("float32", [limit], [])),
    );
    this.put(value, {
      name: output,
      op: "Clip",
      inputs: [value, ...limits],
      outputs: [output],
      attributes: {},
    });
    return output;
  }

  private correctBias({ node, at, from, dims }: NonNullable<Layer["bias"]>, correction: Float32Array): void {
    const inputs = this.inputs.get(node)!;
    const old = inputs[at] ? this.constants.get(inputs[at]) : undefined;
    // A bias that is computed cannot be corrected.
    if (inputs[at] && !old) return;
    const size = dims.reduce((product, dim) => product * dim, 1);
    const values = Float32Array.from((old?.data as Float32Array | undefined) ?? new Float32Array(size));
    for (let i = 0; i < correction.length; i++) values[from + i] += correction[i];
    if (inputs[at]) this.replaced.add(inputs[at]);
    while (inputs.length < at) inputs.push("");
    inputs[at] = this.constant(`${node}/bias`, new Tensor("float32", values, old?.dims ?? dims));
  }

  private put(value: string, node: Node): void {
    const list = this.behind.get(value) ?? [];
    this.behind.set(value, [...list, node]);
  }

  private constant(hint: string, tensor: Tensor): string {
    const name = this.fresh(hint);
    this.constants.set(name, tensor);
    return name;
  }

  private fresh(hint: string): string {
    let name = hint;
    for (let count = 1; this.taken.has(name); count++) name = `${hint}#${count}`;
    this.taken.add(name);
    return name;
  }
}
