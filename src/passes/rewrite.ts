// The workbench of the passes: a read-only view of a graph for matching, and one way of changing it.
// A pass replaces the *last* node of a pattern by new nodes; what the pattern no longer needs is then dead
// and `removeDead` takes it away. A pass therefore never has to ask who else uses an intermediate value.

import { type Graph, type Node, valuesUsedBy } from "../model/graph.ts";
import type { Fact } from "../model/infer.ts";
import { Tensor } from "../tensor/tensor.ts";

/** What a pattern may ask about the graph it looks at. */
export interface View {
  /** The node that computes a value; undefined for inputs and constants. */
  producer(value: string): Node | undefined;
  /** The producer, if it is of that operator. */
  producerOf(value: string, op: string): Node | undefined;
  uses(value: string): number;
  constant(value: string): Tensor | undefined;
  /** The only element of a constant, as a number. */
  scalar(value: string): number | undefined;
  fact(value: string): Fact | undefined;
  /** Adds a constant under a fresh name made from `hint`, or returns the name it already has. */
  addConstant(hint: string, tensor: Tensor): string;
  /** A name that no value of the graph has. */
  fresh(hint: string): string;
}

/** Returns the nodes that take a node's place (they must compute its outputs), or undefined to leave it. */
export type Rewrite = (node: Node, view: View) => readonly Node[] | undefined;

/** Runs one rewrite over every node, in order; nodes that a rewrite returns are visible to the ones after. */
export function rewriteNodes(graph: Graph, facts: ReadonlyMap<string, Fact>, rewrite: Rewrite): Graph {
  const constants = new Map(graph.constants);
  const producers = new Map<string, Node>();
  const uses = countUses(graph);
  const names = new Map<Tensor, string>([...constants].map(([name, tensor]) => [tensor, name]));
  const taken = new Set<string>([...constants.keys(), ...graph.inputs.map((input) => input.name)]);
  for (const node of graph.nodes) for (const output of node.outputs) taken.add(output);

  const view: View = {
    producer: (value) => producers.get(value),
    producerOf: (value, op) => {
      const node = producers.get(value);
      return node?.op === op ? node : undefined;
    },
    uses: (value) => uses.get(value) ?? 0,
    constant: (value) => constants.get(value),
    scalar: (value) => {
      const tensor = constants.get(value);
      return tensor?.size === 1 ? Number(tensor.data[0]) : undefined;
    },
    fact: (value) => facts.get(value),
    addConstant(hint, tensor) {
      const known = names.get(tensor);
      if (known !== undefined) return known;
      const name = view.fresh(hint);
      names.set(tensor, name);
      constants.set(name, tensor);
      return name;
    },
    fresh(hint) {
      let name = hint;
      for (let count = 1; taken.has(name); count++) name = `${hint}#${count}`;
      taken.add(name);
      return name;
    },
  };

  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    for (const made of rewrite(node, view) ?? [node]) {
      nodes.push(made);
      for (const output of made.outputs) producers.set(output, made);
    }
  }
  return { ...graph, nodes, constants };
}

/** Drops the nodes and constants that no output depends on. */
export function removeDead(graph: Graph): Graph {
  const needed = new Set(graph.outputs.map((output) => output.name));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((output) => needed.has(output))) continue;
    nodes.push(node);
    for (const value of valuesUsedBy(node)) needed.add(value);
  }
  const constants = new Map([...graph.constants].filter(([name]) => needed.has(name)));
  return { ...graph, nodes: nodes.reverse(), constants };
}

function countUses(graph: Graph): Map<string, number> {
  const uses = new Map<string, number>();
  const count = (value: string): void => void uses.set(value, (uses.get(value) ?? 0) + 1);
  for (const node of graph.nodes) valuesUsedBy(node).forEach(count);
  for (const output of graph.outputs) count(output.name);
  return uses;
}

/** A node with its defaults filled in: passes make many small ones. */
export function makeNode(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Node["attributes"] = {},
): Node {
  return { name: outputs[0], op, inputs, outputs, attributes };
}

/** A constant vector of 64-bit integers: what ONNX takes as shapes, axes and indices. */
export function int64(...values: number[]): Tensor {
  return new Tensor("int64", values, [values.length]);
}

/** The other input of a two-input node whose given input is `value`. */
export function otherInput(node: Node, value: string): string {
  return node.inputs[0] === value ? node.inputs[1] : node.inputs[0];
}
