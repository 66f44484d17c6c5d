// Makes values inside a graph its outputs, so that a session hands them out: what calibration and error reports look at.

import { OctavoxError } from "../errors.ts";
import type { Graph, ValueInfo } from "../model/graph.ts";

/**
 * The graph with more outputs; what is an output already, or a constant, is not one twice.
 * @param values names of float32 values
 * @throws OctavoxError `argument` for a value that the graph has not
 */
export function exposeValues(graph: Graph, values: Iterable<string>): Graph {
  const known = new Set(graph.nodes.flatMap((node) => node.outputs));
  const outputs = new Map<string, ValueInfo>(graph.outputs.map((info) => [info.name, info]));
  for (const name of values) {
    if (outputs.has(name)) continue;
    if (name === "" || !known.has(name))
      throw new OctavoxError("argument", `the value "${name}"`, {
        expected: `a value that a node of graph "${graph.name}" computes`,
        found: graph.constants.has(name) ? "a constant" : "none of that name",
      });
    outputs.set(name, { name, dtype: "float32", dims: undefined });
  }
  return { ...graph, outputs: [...outputs.values()] };
}
