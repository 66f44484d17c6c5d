// Nodes that change nothing go: readers take their input instead, and an output of the graph that is only another
// name for a value gives the value that name. What is left gets names of its own.

import { type Graph, type Node, valuesUsedBy } from "../model/graph.ts";
import type { Fact } from "../model/infer.ts";
import type { Rewrite, View } from "./rewrite.ts";

/** Identity nodes, reshapes to the shape, casts to the type a value already has and padding by nothing give way to their input. */
export const removeIdentities: Rewrite = (node, view) => {
  if (!node.inputs.some((input) => standsFor(input, view) !== input)) return undefined;
  return [{ ...node, inputs: node.inputs.map((input) => standsFor(input, view)) }];
};

function standsFor(value: string, view: View): string {
  const node = view.producer(value);
  return node && isIdentity(node, view.fact) ? standsFor(node.inputs[0], view) : value;
}

function isIdentity(node: Node, facts: (value: string) => Fact | undefined): boolean {
  if (node.op === "Identity") return true;
  if (node.op === "Pad") return facts(node.inputs[1] ?? "")?.value?.every((pad) => pad === 0) ?? false;
  if (node.op === "Cast") {
    const [from, to] = [facts(node.inputs[0])?.dtype, facts(node.outputs[0])?.dtype];
    return from !== undefined && from === to;
  }
  if (node.op !== "Reshape") return false;
  const [from, to] = [facts(node.inputs[0])?.dims, facts(node.outputs[0])?.dims];
  return from !== undefined && to !== undefined && String(from.map(String)) === String(to.map(String));
}

/** Values that an output merely renames take the output's name. */
export function nameOutputs(graph: Graph, facts: ReadonlyMap<string, Fact>): Graph {
  const outputs = new Set(graph.outputs.map((output) => output.name));
  const computed = new Set(graph.nodes.flatMap((node) => node.outputs));
  const captured = new Set(
    graph.nodes.flatMap((node) => valuesUsedBy(node).filter((value) => !node.inputs.includes(value))),
  );
  const names = new Map<string, string>();
  for (const node of graph.nodes) {
    const [from, to] = [node.inputs[0], node.outputs[0]];
    const free = computed.has(from) && !outputs.has(from) && !captured.has(from) && !names.has(from);
    if (outputs.has(to) && free && isIdentity(node, (value) => facts.get(value))) names.set(from, to);
  }
  const rename = (value: string): string => names.get(value) ?? value;
  const nodes = graph.nodes
    .filter((node) => names.get(node.inputs[0]) !== node.outputs[0])
    .map((node) => ({ ...node, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) }));
  return { ...graph, nodes };
}

/** Nodes get names of their own where passes, or branches that were put in line, gave one name twice. */
export function nameNodes(graph: Graph): Graph {
  const taken = new Set(graph.nodes.map((node) => node.name));
  const seen = new Set<string>();
  const nodes = graph.nodes.map((node) => {
    let name = node.name;
    for (let count = 1; seen.has(name); count++)
      name = taken.has(`${node.name}#${count}`) ? node.name : `${node.name}#${count}`;
    seen.add(name);
    return name === node.name ? node : { ...node, name };
  });
  return { ...graph, nodes };
}
