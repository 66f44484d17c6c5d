// Watching the nodes of a graph at work: what a caller learns about activations without changing the model.

import type { Node } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tensorAt } from "./fallback.ts";
import type { Site, Step } from "./step.ts";

export interface Observer {
  /** The operators whose nodes are watched. */
  readonly ops: readonly string[];
  /** Called before a node runs, with copies of its inputs; constants and inputs left out are undefined. */
  seen(graph: string, node: string, op: string, inputs: readonly (Tensor | undefined)[]): void;
}

/** The step of a node, watched if its operator is. */
export function observed(step: Step, node: Node, site: Site, graph: string, observer?: Observer): Step {
  if (!observer?.ops.includes(node.op)) return step;
  const operands = site.inputs.map((operand, at) => (site.constant(at) ? undefined : operand));
  return (context) => {
    observer.seen(
      graph,
      node.name,
      node.op,
      operands.map((operand) => operand && tensorAt(operand, context)),
    );
    step(context);
  };
}
