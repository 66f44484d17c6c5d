// Specialising: an input (or a size) that is always the same becomes a constant, and an `If` whose condition is then
// known is replaced by the branch it takes. One merged decoder file thus becomes two plain graphs.

import { type Graph, isGraph, type Node, type ValueInfo } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { makeNode } from "./rewrite.ts";

/** The graph with the given inputs bound to constants. */
export function bindInputs(graph: Graph, values: Readonly<Record<string, Tensor>>): Graph {
  const constants = new Map(graph.constants);
  for (const [name, value] of Object.entries(values)) constants.set(name, value);
  return { ...graph, inputs: graph.inputs.filter((input) => !(input.name in values)), constants };
}

/** The graph with named sizes of its inputs and outputs replaced by numbers ("batch_size" by 1). */
export function bindSizes(graph: Graph, sizes: Readonly<Record<string, number>>): Graph {
  const bind = (value: ValueInfo): ValueInfo => ({
    ...value,
    dims: value.dims?.map((dim) => (typeof dim === "string" ? (sizes[dim] ?? dim) : dim)),
  });
  return { ...graph, inputs: graph.inputs.map(bind), outputs: graph.outputs.map(bind) };
}

/** Every `If` with a constant condition replaced by the nodes of its branch. */
export function inlineBranches(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const condition = node.op === "If" ? constants.get(node.inputs[0]) : undefined;
    const branch = condition && node.attributes[condition.data[0] ? "then_branch" : "else_branch"];
    if (!isGraph(branch)) {
      nodes.push(node);
      continue;
    }
    const inner = inlineBranches({ ...branch, constants: new Map([...constants, ...branch.constants]) });
    for (const [name, value] of inner.constants) constants.set(name, value);
    nodes.push(...inner.nodes);
    inner.outputs.forEach((output, index) => {
      const name = node.outputs[index];
      if (name && name !== output.name) nodes.push(makeNode("Identity", [output.name], [name]));
    });
  }
  return { ...graph, nodes, constants };
}
