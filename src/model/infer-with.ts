// Shape inference: what is known of every value of a graph before it runs (element type, dimensions, and the
// elements of small integer tensors), found by one walk over the nodes with rules by operator (`shapes/`).

import { OctavoxError } from "../errors.ts";
import { type Dim, isConstant, symbol } from "./dim.ts";
import { forNode } from "./for-node.ts";
import { type Graph, isGraph, type ValueInfo } from "./graph.ts";
import { constantFact } from "./shapes/create.ts";
import { type Fact, type Facts, fact, type Rules, Site } from "./shapes/site.ts";

export interface InferOptions {
  /** ONNX operator set version the nodes follow. */
  opset: number;
  /** Dimensions of inputs, by name; other inputs have the declared ones, with names as symbols. */
  inputs?: Readonly<Record<string, readonly Dim[]>> | undefined;
  /** Known elements of small integer inputs, by name. */
  values?: Readonly<Record<string, readonly Dim[]>> | undefined;
  /** Facts of the graph around this one. */
  outer?: ReadonlyMap<string, Fact> | undefined;
}

/**
 * @throws OctavoxError `unsupported` naming the first node, here or in a subgraph, whose operator octavox has not
 */
export function checkOperators(graph: Graph, rules: Rules): void {
  for (const node of graph.nodes) {
    if (!Object.hasOwn(rules, node.op))
      throw new OctavoxError("unsupported", `operator ${node.op} of node "${node.name}"`, {
        remedy: "docs/operators.md lists those that octavox has",
      });
    for (const attribute of Object.values(node.attributes))
      if (isGraph(attribute)) checkOperators(attribute, rules);
  }
}

/**
 * Facts of every value of the graph by name, inputs and constants included. A value of which not even the
 * element type is known (the output of an operator without a rule) is absent. Named sizes are ≥ 0; of two
 * sizes that cannot be compared, a broadcast has the greater.
 * @throws OctavoxError `shape` naming the node when sizes contradict each other
 */
export function inferWith(rules: Rules, graph: Graph, options: InferOptions): Map<string, Fact> {
  const { opset, outer = new Map<string, Fact>() } = options;
  const facts = new Map<string, Fact>();
  const sizes = new Set<string>();
  const noteSizes = ({ dims }: Fact) => {
    for (const dim of dims ?? []) if (!isConstant(dim)) sizes.add(dim.text);
  };
  const record = (name: string, found: Fact) => {
    facts.set(name, found);
    noteSizes(found);
  };
  const known = (name: string) => (name === "" ? undefined : (facts.get(name) ?? outer.get(name)));
  const inferSubgraph = (inner: Graph): Facts => {
    const found = inferWith(rules, inner, { opset, outer: new Map([...outer, ...facts]) });
    return inner.outputs.map(({ name }) => found.get(name) ?? known(name));
  };

  for (const found of outer.values()) noteSizes(found);
  for (const [name, tensor] of graph.constants) record(name, constantFact(tensor, graph.layouts?.get(name)));
  for (const input of graph.inputs) if (!facts.has(input.name)) record(input.name, inputFact(input, options));
  for (const node of graph.nodes) {
    const rule = Object.hasOwn(rules, node.op) ? rules[node.op] : undefined;
    const site = new Site(node, node.inputs.map(known), { opset, sizes, inferSubgraph });
    const results = rule && forNode(node, () => rule(site));
    node.outputs.forEach((name, i) => {
      const result = results?.[i];
      if (result && name !== "") record(name, result);
    });
  }
  return facts;
}

function inputFact({ name, dtype, dims }: ValueInfo, { inputs, values }: InferOptions): Fact {
  const own = inputs && Object.hasOwn(inputs, name) ? inputs[name] : undefined;
  const declared = dims?.map((dim) => (typeof dim === "string" ? symbol(dim) : dim));
  return fact(dtype, own ?? declared, values && Object.hasOwn(values, name) ? values[name] : undefined);
}
