// Key-value caches as states: what a decoder returns and is given back in the next step stays in the engine,
// as [batch, time, heads·width], the layout in which a step's keys are appended without moving the others.

import type { Graph, Node, State, ValueInfo } from "../model/graph.ts";
import type { StateNaming } from "../model/recipe.ts";
import { int64, makeNode } from "./rewrite.ts";

/** The pairs of a graph's inputs and outputs that are the same state before and after a run. */
export function pairStates(graph: Graph, naming: StateNaming): State[] {
  const names = new Set<string>();
  for (const input of graph.inputs)
    if (input.name.startsWith(naming.past)) names.add(input.name.slice(naming.past.length));
  for (const output of graph.outputs)
    if (output.name.startsWith(naming.present)) names.add(output.name.slice(naming.present.length));
  return [...names].map((name) => ({ name, input: naming.past + name, output: naming.present + name }));
}

/** The states that a recipe's `feedback` names, as far as a graph has them. */
export function feedbackStates(graph: Graph, feedback: Readonly<Record<string, string>> = {}): State[] {
  const has = (list: readonly ValueInfo[], name: string): boolean =>
    list.some((value) => value.name === name);
  return Object.entries(feedback)
    .filter(([input, output]) => has(graph.inputs, input) || has(graph.outputs, output))
    .map(([input, output]) => ({ name: input, input, output }));
}

/**
 * Rewrites states of [batch, heads, time, width] to [batch, time, heads·width]: the graph's own nodes see the old
 * form through a reshape and a transpose, which later passes move out of the way.
 */
export function mergeHeads(graph: Graph, states: readonly State[]): Graph {
  const constants = new Map(graph.constants);
  const [first, last]: [Node[], Node[]] = [[], []];
  const shapeOf = (name: string, ...sizes: number[]): string => {
    constants.set(`${name}/shape`, int64(...sizes));
    return `${name}/shape`;
  };
  const convert = (value: ValueInfo, isInput: boolean): ValueInfo => {
    const [heads, width] = [value.dims?.[1], value.dims?.[3]];
    const isState = states.some((state) => state.input === value.name || state.output === value.name);
    if (!isState || value.dims?.length !== 4 || typeof heads !== "number" || typeof width !== "number")
      return value;
    const name = `${value.name}/tokens`;
    const inner = `${value.name}/heads`;
    if (isInput)
      first.push(
        makeNode("Reshape", [name, shapeOf(inner, 0, 0, heads, width)], [inner]),
        makeNode("Transpose", [inner], [value.name], { perm: [0, 2, 1, 3] }),
      );
    else
      last.push(
        makeNode("Transpose", [value.name], [inner], { perm: [0, 2, 1, 3] }),
        makeNode("Reshape", [inner, shapeOf(name, 0, 0, heads * width)], [name]),
      );
    return { ...value, name, dims: [value.dims[0], value.dims[2], heads * width] };
  };
  const inputs = graph.inputs.map((input) => convert(input, true));
  const outputs = graph.outputs.map((output) => convert(output, false));
  return { ...graph, inputs, outputs, nodes: [...first, ...graph.nodes, ...last], constants };
}

/** The states' inputs and outputs after `mergeHeads`. */
export function mergedNames(states: readonly State[]): State[] {
  return states.map(({ name, input, output }) => ({
    name,
    input: `${input}/tokens`,
    output: `${output}/tokens`,
  }));
}
