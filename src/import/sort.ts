// Nodes in an order in which every value is computed before it is used. A file that is already in such an
// order keeps it.

import { OctavoxError } from "../errors.ts";
import { type Graph, isGraph, type Node } from "../model/graph.ts";

/** @throws OctavoxError `format` when two nodes compute one value, or nodes wait for each other */
export function sortNodes<N extends Node>(nodes: readonly N[]): N[] {
  const producer = producers(nodes);
  const waits = nodes.map((node) => dependencies(node, producer));
  const unmet = waits.map((set) => set.size);
  const users: number[][] = nodes.map(() => []);
  waits.forEach((set, i) => {
    for (const other of set) users[other].push(i);
  });
  const sorted: N[] = [];
  const placed = new Array<boolean>(nodes.length).fill(false);
  for (let first = 0; first < nodes.length; first++) {
    // A node that waited is placed right after the last one it waited for, if its turn in the file is over.
    const ready = [first];
    for (let i = ready.pop(); i !== undefined; i = ready.pop()) {
      if (placed[i] || unmet[i] > 0) continue;
      placed[i] = true;
      sorted.push(nodes[i]);
      for (const user of users[i]) if (--unmet[user] === 0 && user < first) ready.push(user);
    }
  }
  if (sorted.length < nodes.length) throw cyclic(nodes, waits, placed);
  return sorted;
}

function producers(nodes: readonly Node[]): Map<string, number> {
  const producer = new Map<string, number>();
  nodes.forEach((node, i) => {
    for (const output of node.outputs) {
      const other = producer.get(output);
      if (output === "") continue;
      if (other !== undefined)
        throw new OctavoxError("format", `value "${output}"`, {
          expected: "one node that computes it",
          found: `"${nodes[other].name}" and "${node.name}"`,
        });
      producer.set(output, i);
    }
  });
  return producer;
}

function dependencies(node: Node, producer: ReadonlyMap<string, number>): Set<number> {
  const found = new Set<number>();
  for (const value of readsOf(node)) {
    const index = producer.get(value);
    if (index !== undefined) found.add(index);
  }
  return found;
}

/**
 * Values a node takes from the graph it is in. What a subgraph defines itself is not among them, even under a
 * name that the graph around it uses too: branches of `If` often call their outputs what the `If` calls its own.
 */
function readsOf(node: Node): string[] {
  const inner = Object.values(node.attributes).filter(isGraph).flatMap(readsOfGraph);
  return [...node.inputs, ...inner];
}

function readsOfGraph(graph: Graph): string[] {
  const own = new Set([...graph.constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const node of graph.nodes) for (const output of node.outputs) own.add(output);
  const reads = [...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)];
  return reads.filter((value) => !own.has(value));
}

/** Walks back from a node that could not be placed until it meets a node again: that is a circle. */
function cyclic(
  nodes: readonly Node[],
  waits: readonly ReadonlySet<number>[],
  placed: readonly boolean[],
): OctavoxError {
  const path: number[] = [];
  const seen = new Set<number>();
  let at = placed.indexOf(false);
  while (!seen.has(at)) {
    seen.add(at);
    path.push(at);
    at = [...waits[at]].find((other) => !placed[other])!;
  }
  const circle = path
    .slice(path.indexOf(at))
    .reverse()
    .map((i) => `"${nodes[i].name}"`);
  const shown = circle.length > 8 ? [...circle.slice(0, 8), "…"] : circle;
  return new OctavoxError("format", "the graph runs in a circle", {
    expected: "nodes that can be put in an order",
    found: `${shown.join(" → ")}, which wait for each other`,
  });
}
