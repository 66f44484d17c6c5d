// Whether the graphs of a packed file make sense as graphs: every value that is used is there, and is made once.

import type { State } from "./graph.ts";
import { fail, type GraphRecord, type HeaderRecord, type NodeRecord } from "./ovx-header.ts";

/** The values that can be seen at some place in a graph, and in the graphs around it. */
interface Scope {
  names: Set<string>;
  outer: Scope | undefined;
}

/** @throws OctavoxError `format` */
export function checkGraphs({ graphs, states }: HeaderRecord): void {
  checkDifferent(
    graphs.map((graph) => graph.name),
    "names of graphs",
  );
  for (const graph of graphs) checkGraph(graph, undefined);
  checkDifferent(
    states.map((state) => state.name),
    "names of states",
  );
  for (const state of states) checkState(state, graphs);
}

function checkGraph(graph: GraphRecord, outer: Scope | undefined): void {
  const scope: Scope = { names: new Set(), outer };
  const where = `graph "${graph.name}"`;
  checkDifferent(
    graph.nodes.map((node) => node.name),
    `names of nodes of ${where}`,
  );
  for (const { name } of graph.inputs) define(name, scope, `inputs of ${where}`);
  for (const [name] of graph.constants) define(name, scope, `constants of ${where}`);
  for (const node of graph.nodes) checkNode(node, scope, where);
  for (const { name } of graph.outputs) need(name, scope, `outputs of ${where}`);
}

function checkNode(node: NodeRecord, scope: Scope, graph: string): void {
  const where = `node "${node.name}" of ${graph}`;
  for (const name of node.inputs) if (name !== "") need(name, scope, where);
  for (const [, value] of node.attributes)
    if (typeof value === "object" && "graph" in value) checkGraph(value.graph, scope);
  for (const name of node.outputs) if (name !== "") define(name, scope, where);
}

function checkState({ name, input, output }: State, graphs: readonly GraphRecord[]): void {
  const using = graphs.filter((graph) => graph.inputs.some((value) => value.name === input));
  const leaving = graphs.filter((graph) => graph.outputs.some((value) => value.name === output));
  if (using.length === 0) fail(`state "${name}"`, "an input of a graph", input);
  if (leaving.length === 0) fail(`state "${name}"`, "an output of a graph", output);
}

function define(name: string, { names }: Scope, where: string): void {
  if (name === "") fail(where, "a name for every value", '""');
  if (names.has(name)) fail(where, "every value made once", `"${name}" again`);
  names.add(name);
}

function need(name: string, scope: Scope, where: string): void {
  for (let place: Scope | undefined = scope; place; place = place.outer) if (place.names.has(name)) return;
  fail(where, "values made before they are used", `"${name}"`);
}

function checkDifferent(names: readonly string[], what: string): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) fail(what, "different ones", `"${name}" twice`);
    seen.add(name);
  }
}
