// One graph goes on with a part of another: what an encoder returns and a decoder always makes the same of (keys and
// values of what was heard) is made where it is known first.

import { OctavoxError } from "../errors.ts";
import { type Graph, isGraph, type Node, valuesUsedBy } from "../model/graph.ts";
import type { Continuation } from "../model/recipe.ts";
import { removeDead } from "./rewrite.ts";

/**
 * `first`, with the outputs of `second` whose names have `outputs` in them instead of its own. Other inputs of
 * `second` come along: as a rule only their sizes are looked at, which are known after optimisation.
 * @throws OctavoxError `format` when there is nothing to go on from or to
 */
export function continueWith(first: Graph, second: Graph, { input, outputs }: Continuation): Graph {
  const wanted = second.outputs.filter(({ name }) => name.includes(outputs));
  const part = removeDead({ ...second, outputs: wanted });
  const used = new Set(part.nodes.flatMap(valuesUsedBy));
  if (!used.has(input) || first.outputs.length !== 1)
    throw new OctavoxError("format", `${first.name} cannot go on with ${second.name}`, {
      expected: `one output, and "${input}" where outputs "…${outputs}…" come from`,
      found: `${first.outputs.length} outputs, then ${wanted.length}`,
    });
  const kept = new Set(wanted.map(({ name }) => name));
  const rename = (name: string): string => {
    if (name === input) return first.outputs[0].name;
    return name === "" || kept.has(name) ? name : `${second.name}/${name}`;
  };
  const others = part.inputs.filter(({ name }) => used.has(name) && name !== input);
  return {
    ...first,
    inputs: [...first.inputs, ...others.map((info) => ({ ...info, name: rename(info.name) }))],
    outputs: wanted,
    nodes: [...first.nodes, ...part.nodes.map((node) => renamed(node, rename))],
    constants: new Map([
      ...first.constants,
      ...Array.from(part.constants, ([name, value]) => [rename(name), value] as const),
    ]),
  };
}

/** @throws OctavoxError `format` when what a graph went on with needs more than it had before */
export function checkContinued(graph: Graph, before: Graph): void {
  const known = new Set(before.inputs.map(({ name }) => name));
  const more = graph.inputs.find(({ name }) => !known.has(name));
  if (!more) return;
  throw new OctavoxError("format", `what graph "${graph.name}" goes on with`, {
    expected: `values that depend on ${[...known].join(", ")} alone`,
    found: `they need "${more.name}" too`,
  });
}

function renamed(node: Node, rename: (name: string) => string): Node {
  const inner = Object.entries(node.attributes).find(([, attribute]) => isGraph(attribute));
  if (inner)
    throw new OctavoxError("unsupported", `a graph inside of node "${node.name}" that has to move`, {
      expected: "branches that are bound to one value",
      found: `${node.op} with ${inner[0]}`,
    });
  return {
    ...node,
    name: rename(node.name),
    inputs: node.inputs.map(rename),
    outputs: node.outputs.map(rename),
  };
}
