// Specialising: an input (or a size) that is always the same becomes a constant, and an `If` whose condition is then
// known is replaced by the branch it takes. One merged decoder file thus becomes two plain graphs.

import { OctavoxError } from "../errors.ts";
import { type Graph, isGraph, type Node, type ValueInfo } from "../model/graph.ts";
import { sizeOf, Tensor } from "../tensor/tensor.ts";
import { makeNode } from "./rewrite.ts";

/** The graph with the given inputs bound to constants, each of its input's type and size. */
export function bindInputs(graph: Graph, values: Readonly<Record<string, boolean | number>>): Graph {
  const constants = new Map(graph.constants);
  for (const [name, value] of Object.entries(values)) {
    const input = graph.inputs.find((each) => each.name === name);
    const dims = input?.dims;
    if (!input || !dims?.every((dim) => typeof dim === "number"))
      throw new OctavoxError("argument", `input "${name}" of graph "${graph.name}" cannot be bound`, {
        expected: "an input of a known size",
        found: input ? `[${dims?.join(", ") ?? "any"}]` : "none of this name",
      });
    constants.set(name, new Tensor(input.dtype, new Array(sizeOf(dims)).fill(Number(value)), dims));
  }
  return { ...graph, inputs: graph.inputs.filter((input) => !Object.hasOwn(values, input.name)), constants };
}

/** The graph with named sizes of its inputs and outputs replaced by numbers ("batch_size" by 1). */
export function bindSizes(graph: Graph, sizes: Readonly<Record<string, number>>): Graph {
  const bind = (value: ValueInfo): ValueInfo => ({
    ...value,
    dims: value.dims?.map((dim) => (Object.hasOwn(sizes, dim) ? sizes[dim] : dim)),
  });
  return { ...graph, inputs: graph.inputs.map(bind), outputs: graph.outputs.map(bind) };
}

/** Every `If` with a constant condition replaced by the nodes of its branch. */
export function inlineBranches(graph: Graph): Graph {
  return inline(graph, new Set([...graph.inputs.map((input) => input.name), ...definedIn(graph)]));
}

/** What `fold` makes of a graph, with every `If` that it decides replaced. */
export function decide(graph: Graph, fold: (graph: Graph) => Graph): Graph {
  const folded = fold(graph);
  const inlined = inlineBranches(folded);
  const same = inlined.nodes.length === folded.nodes.length;
  return same && inlined.nodes.every((node, i) => node === folded.nodes[i]) ? folded : decide(inlined, fold);
}

/** @param taken names that values have so far; branches of different nodes may use one name for two things */
function inline(graph: Graph, taken: Set<string>): Graph {
  const constants = new Map(graph.constants);
  const nodes: Node[] = [];
  for (const node of graph.nodes) {
    const condition = node.op === "If" ? constants.get(node.inputs[0]) : undefined;
    const branch = condition && node.attributes[condition.data[0] ? "then_branch" : "else_branch"];
    if (!isGraph(branch)) {
      nodes.push(node);
      continue;
    }
    const own = rename(branch, freshNames(branch, taken));
    const inner = inline({ ...own, constants: new Map([...constants, ...own.constants]) }, taken);
    for (const [name, value] of inner.constants) constants.set(name, value);
    nodes.push(...inner.nodes);
    inner.outputs.forEach((output, index) => {
      if (node.outputs[index]) nodes.push(makeNode("Identity", [output.name], [node.outputs[index]]));
    });
  }
  return { ...graph, nodes, constants };
}

function definedIn(graph: Graph): string[] {
  return [...graph.constants.keys(), ...graph.nodes.flatMap((node) => node.outputs)];
}

/** New names for the graph's own values where theirs are taken; takes them all. */
function freshNames(graph: Graph, taken: Set<string>): Map<string, string> {
  const names = new Map<string, string>();
  for (const name of definedIn(graph)) {
    let fresh = name;
    for (let count = 1; taken.has(fresh) && name !== ""; count++) fresh = `${name}#${count}`;
    taken.add(fresh);
    if (fresh !== name) names.set(name, fresh);
  }
  return names;
}

/** The graph with values called otherwise; graphs inside keep the names that they define themselves. */
function rename(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  if (names.size === 0) return graph;
  const change = (name: string): string => names.get(name) ?? name;
  const changeInside = (inner: Graph): Graph => {
    const own = new Set(definedIn(inner));
    return rename(inner, new Map([...names].filter(([name]) => !own.has(name))));
  };
  return {
    ...graph,
    outputs: graph.outputs.map((output) => ({ ...output, name: change(output.name) })),
    constants: new Map([...graph.constants].map(([name, tensor]) => [change(name), tensor])),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(change),
      outputs: node.outputs.map(change),
      attributes: Object.fromEntries(
        Object.entries(node.attributes).map(([key, value]) => [
          key,
          isGraph(value) ? changeInside(value) : value,
        ]),
      ),
    })),
  };
}
