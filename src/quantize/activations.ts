// Which activations are put on grids: what quantized layers read, and backwards from there, through additions, pooling
// and mere movement, what can be computed in integers as well, so that no float is left between two layers.

import type { Graph, Node } from "../model/graph.ts";
import type { Fact } from "../model/infer.ts";
import type { LayerPlan } from "./plan.ts";
import type { ActivationFormat } from "./schemes.ts";

/** A node's input that is read on a grid. */
export interface ActivationUse {
  node: Node;
  at: number;
  value: string;
  format: ActivationFormat;
}

/** Operators with an integer form whose inputs each have a grid of their own. */
const joining = new Set(["Add", "Sub", "Mul", "Concat", "AveragePool", "GlobalAveragePool"]);
/** Operators that only move or select numbers: what comes out is on the grid of what goes in. */
const moving = new Set([
  ...["Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose", "Identity"],
  ...["Slice", "MaxPool", "Pad"],
]);
/** Operators that a layer takes up: their input is never seen. */
const fused = new Set(["Relu", "Clip"]);

export function activationUses(
  graph: Graph,
  facts: ReadonlyMap<string, Fact>,
  plans: readonly LayerPlan[],
): ActivationUse[] {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const within = insideLayers(plans, producers);
  const uses: ActivationUse[] = [];
  const seen = new Set<string>();
  const use = (node: Node, at: number, format: ActivationFormat): void => {
    const value = node.inputs[at];
    const key = `${node.name}\n${at}`;
    if (seen.has(key) || graph.constants.has(value) || facts.get(value)?.dtype !== "float32") return;
    seen.add(key);
    uses.push({ node, at, value, format });
    backwards(value, format);
  };
  const backwards = (value: string, format: ActivationFormat): void => {
    const producer = producers.get(value);
    if (!producer || within.has(producer) || format.range === "dynamic") return;
    const isClip =
      fused.has(producer.op) &&
      producer.inputs.slice(1).every((each) => each === "" || graph.constants.has(each));
    if (moving.has(producer.op) || isClip) use(producer, 0, format);
    else if (joining.has(producer.op) && producer.inputs.every((each) => !graph.constants.has(each)))
      for (const at of producer.inputs.keys()) use(producer, at, format);
  };
  for (const { layer, scheme } of plans) if (scheme.activations) use(layer.node, 0, scheme.activations);
  return uses;
}

/** The value whose grid a value shares: numbers that were only moved are where they came from. */
export function gridSource(graph: Graph): (value: string) => string {
  return follow(graph, ({ op }) => moving.has(op));
}

/** The value that a value was made of by moving numbers and by multiplying them with constants. */
export function featureSource(graph: Graph): (value: string) => string {
  const scales = ({ op, inputs }: Node): boolean => op === "Mul" && graph.constants.has(inputs[1]);
  return follow(graph, (node) => moving.has(node.op) || scales(node));
}

/** Goes back by first inputs as long as `through` says so. */
function follow(graph: Graph, through: (node: Node) => boolean): (value: string) => string {
  const producers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const source = (value: string): string => {
    const producer = producers.get(value);
    return producer && through(producer) ? source(producer.inputs[0]) : value;
  };
  return source;
}

/** The biases and activations between a layer's sums and its output. */
function insideLayers(plans: readonly LayerPlan[], producers: ReadonlyMap<string, Node>): Set<Node> {
  const inside = new Set<Node>();
  for (const { layer } of plans)
    for (let node = producers.get(layer.output); node && node !== layer.node; ) {
      inside.add(node);
      node = node.inputs.map((input) => producers.get(input)).find((each) => each !== undefined);
    }
  return inside;
}
