// A model in figures: what goes in and out, which operators it has, how many parameters, in how many bytes.

import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type Graph, isGraph, type Model, type Node, type State, type ValueInfo } from "./graph.ts";
import { panelType } from "./panels.ts";

export interface GraphSummary {
  name: string;
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  nodes: number;
  /** Operator → number of nodes, the most frequent first; those of subgraphs are counted too. */
  operators: Readonly<Record<string, number>>;
}

export interface ModelSummary {
  opset: number;
  graphs: readonly GraphSummary[];
  states: readonly State[];
  /** Numbers in constants, each constant once however many graphs use it. */
  parameters: number;
  /** Element type → numbers and bytes of the constants that have it. */
  constants: Readonly<Partial<Record<DType, { parameters: number; bytes: number }>>>;
}

export function summarise({ opset, graphs, states = [] }: Model): ModelSummary {
  const constants: Partial<Record<DType, { parameters: number; bytes: number }>> = {};
  let total = 0;
  for (const [tensor, { parameters, dtype }] of parametersOf(graphs)) {
    const sum = (constants[dtype] ??= { parameters: 0, bytes: 0 });
    sum.parameters += parameters;
    sum.bytes += tensor.data.byteLength;
    total += parameters;
  }
  return { opset, graphs: graphs.map(summariseGraph), states, parameters: total, constants };
}

function summariseGraph(graph: Graph): GraphSummary {
  const counts = new Map<string, number>();
  const nodes = [...everyNode(graph)];
  for (const { op } of nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  const operators = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  const { name, inputs, outputs } = graph;
  return { name, inputs, outputs, nodes: nodes.length, operators: Object.fromEntries(operators) };
}

function* everyNode(graph: Graph): Generator<Node> {
  for (const node of graph.nodes) {
    yield node;
    for (const inner of subgraphs(node)) yield* everyNode(inner);
  }
}

function subgraphs(node: Node): Graph[] {
  return Object.values(node.attributes).filter(isGraph);
}

/** Each constant with its numbers; bytes that only fill up a layout are not counted. */
function parametersOf(graphs: readonly Graph[]): Map<Tensor, { parameters: number; dtype: DType }> {
  const found = new Map<Tensor, { parameters: number; dtype: DType }>();
  for (const graph of graphs) {
    for (const [name, tensor] of graph.constants) {
      const layout = graph.layouts?.get(name);
      const [k, n] = layout?.dims ?? [tensor.size, 1];
      found.set(tensor, { parameters: k * n, dtype: layout ? panelType(tensor) : tensor.dtype });
    }
    for (const [tensor, count] of parametersOf(graph.nodes.flatMap(subgraphs))) found.set(tensor, count);
  }
  return found;
}
