// What a graph computes from constants alone, computed once when a session is made: a packed file keeps weights in few
// bits that float operators read, and no run should widen them again.

import type { Graph, Model, Node } from "../model/graph.ts";
import { isGraph } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";

type Run = typeof import("../reference/run.ts");

/** The model with these nodes gone and their results in their place; the same object where there are none. */
export async function computeConstants(model: Model): Promise<Model> {
  if (!model.graphs.some((graph) => graph.nodes.some((node) => widens(node, graph)))) return model;
  // Most models have nothing to compute, and most pages never fetch the reference.
  const { runNode, hasOperator } = await import("../reference/run.ts");
  const graphs = model.graphs.map((graph) => compute(graph, model.opset, { runNode, hasOperator }));
  return { ...model, graphs };
}

/** Weights that are widened are what makes it worth it. */
function widens({ op, inputs }: Node, { constants, layouts }: Graph): boolean {
  return op === "DequantizeLinear" && inputs.every((name) => constants.has(name) && !layouts?.has(name));
}

function compute(
  graph: Graph,
  opset: number,
  { runNode, hasOperator }: Pick<Run, "runNode" | "hasOperator">,
): Graph {
  const made = new Map<string, Tensor>();
  const constant = (name: string): Tensor | undefined =>
    made.get(name) ?? (graph.layouts?.has(name) ? undefined : graph.constants.get(name));
  const nodes = graph.nodes.filter((node) => {
    const inputs = node.inputs.map((name) => (name === "" ? undefined : constant(name)));
    const isKnown = node.inputs.every((name, i) => name === "" || inputs[i] !== undefined);
    // Only what comes of widened weights: values made from sizes are the plan's to know.
    const follows = widens(node, graph) || node.inputs.some((name) => made.has(name));
    if (!isKnown || !follows || !hasOperator(node.op) || Object.values(node.attributes).some(isGraph))
      return true;
    runNode(node, inputs, opset).forEach((tensor, i) => {
      if (node.outputs[i]) made.set(node.outputs[i], tensor);
    });
    return false;
  });
  return { ...graph, nodes, constants: new Map([...graph.constants, ...made]) };
}
