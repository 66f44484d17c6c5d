// Watching the nodes of a graph at work: what a caller learns about activations, and about time, without changing the
// model.

import type { Node } from "../model/graph.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { tensorAt } from "./fallback.ts";
import { dimNow, type Operand } from "./operand.ts";
import type { RunContext, Site, Step } from "./step.ts";

export interface Observer {
  /** The operators whose nodes are watched. */
  readonly ops: readonly string[] | "all";
  /** Called before a node runs, with copies of its inputs; constants and inputs left out are undefined. */
  seen?(graph: string, node: string, op: string, inputs: readonly (Tensor | undefined)[]): void;
  /** Called after a node has run. */
  ran?(run: NodeRun): void;
}

/** What a node took, and how large its operands were. */
export interface NodeRun {
  readonly graph: string;
  readonly node: string;
  readonly op: string;
  readonly milliseconds: number;
  /** Sizes of inputs; an input left out is undefined. */
  readonly inputs: readonly (readonly number[] | undefined)[];
  readonly outputs: readonly (readonly number[])[];
}

/** The step of a node, watched if its operator is. */
export function observed(step: Step, node: Node, site: Site, graph: string, observer?: Observer): Step {
  if (!observer || (observer.ops !== "all" && !observer.ops.includes(node.op))) return step;
  const { name, op } = node;
  const operands = site.inputs.map((operand, at) => (site.constant(at) ? undefined : operand));
  return (context) => {
    observer.seen?.(
      ...([graph, name, op] as const),
      operands.map((operand) => operand && tensorAt(operand, context)),
    );
    const start = performance.now();
    step(context);
    const milliseconds = performance.now() - start;
    const [inputs, outputs] = [site.inputs, site.outputs].map((all) =>
      all.map((operand) => operand && sizes(operand, context)),
    );
    observer.ran?.({ graph, node: name, op, milliseconds, inputs, outputs: outputs as number[][] });
  };
}

function sizes({ dims }: Operand, { lengths }: RunContext): number[] {
  return dims.map((dim) => dimNow(dim, lengths));
}
