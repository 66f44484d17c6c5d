// A plain interpreter: a graph's nodes one after another, each through its reference operator. It is slow and
// says what is right; the run-time also uses it for operators that have no kernel.

import { OctavoxError } from "../errors.ts";
import { forNode } from "../model/for-node.ts";
import type { Graph, Node } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { operators } from "./operators/index.ts";
import type { OperatorContext } from "./operators/operator.ts";

type Values = ReadonlyMap<string, Tensor>;

/** Whether there is a reference operator of this name. */
export function hasOperator(op: string): boolean {
  return Object.hasOwn(operators, op);
}

/**
 * Outputs of a graph, by name.
 * @param feeds a tensor for every input, by name
 * @throws OctavoxError `argument` for a missing input, `unsupported` for an operator that is not there, `shape`
 * for sizes or types that do not fit
 */
export function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
  opset: number,
): Record<string, Tensor> {
  const inputs = graph.inputs.map(({ name }) => (Object.hasOwn(feeds, name) ? feeds[name] : undefined));
  const outputs = run(graph, inputs, opset, new Map());
  return Object.fromEntries(graph.outputs.map(({ name }, i) => [name, outputs[i]]));
}

/**
 * Outputs of one node.
 * @param visible values that the node's subgraphs may take from the graph around them
 */
export function runNode(
  node: Node,
  inputs: readonly (Tensor | undefined)[],
  opset: number,
  visible: Values = new Map(),
): Tensor[] {
  if (!hasOperator(node.op))
    throw new OctavoxError("unsupported", `operator ${node.op} of node "${node.name}"`, {
      remedy: "Its meaning is not among the reference operators",
    });
  const context: OperatorContext = {
    node,
    opset,
    runGraph: (graph, feeds) => run(graph, feeds, opset, visible),
  };
  return forNode(node, () => operators[node.op](inputs, context));
}

function run(graph: Graph, inputs: readonly (Tensor | undefined)[], opset: number, around: Values): Tensor[] {
  const values = new Map([...around, ...graph.constants]);
  graph.inputs.forEach(({ name }, i) => {
    const tensor = inputs[i];
    if (!tensor)
      throw new OctavoxError("argument", `graph "${graph.name}"`, {
        expected: `input "${name}"`,
        found: "none",
      });
    values.set(name, tensor);
  });
  for (const node of graph.nodes) {
    const results = runNode(
      node,
      node.inputs.map((name) => (name === "" ? undefined : lookUp(values, name, node.name))),
      opset,
      values,
    );
    node.outputs.forEach((name, i) => {
      if (name !== "" && results[i]) values.set(name, results[i]);
    });
  }
  return graph.outputs.map(({ name }) => lookUp(values, name, graph.name));
}

function lookUp(values: Values, name: string, user: string): Tensor {
  const value = values.get(name);
  if (!value)
    throw new OctavoxError("format", `"${user}" uses "${name}"`, {
      expected: "a value that was computed",
      found: "none",
    });
  return value;
}
