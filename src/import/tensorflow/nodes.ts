// NodeDefs → nodes with values for inputs and outputs: control dependencies left out, every input accounted for, and only
// what the graph's ends need.

import { OctavoxError } from "../../errors.ts";
import type { Node } from "../../model/graph.ts";
import type { AttrValue, GraphDef, NodeDef } from "./graphdef_pb.ts";

/**
 * A node as TensorFlow has it. Its outputs are named as TensorFlow names them, "split", "split:1", "split:2"; those that
 * nobody reads are "" there. Attributes are in `attr`, as the file has them.
 */
export interface TfNode extends Node {
  attr: Readonly<Record<string, AttrValue>>;
}

/** Operators that are no end of a graph: they compute nothing, or bring a value out of a loop that nobody asks for. */
const silent = new Set(["NoOp", "Assert", "Const", "Exit"]);

/** Operators that give what they are given; what reads them reads that instead. */
const copies = new Set(["Identity", "StopGradient", "CheckNumerics", "PlaceholderWithDefault", "Snapshot"]);

/** An output's place is below this; Split and its like have a few. */
const MOST_OUTPUTS = 65_536;

/** @throws OctavoxError `format` for two nodes of one name, and inputs that nothing computes */
export function readNodes({ node: protos }: GraphDef): TfNode[] {
  const nodes = new Map<string, NodeDef>();
  for (const proto of protos) {
    if (proto.name === "" || proto.op === "" || nodes.has(proto.name))
      throw new OctavoxError("format", `node "${proto.name}"`, {
        expected: "a name of its own and an operator",
        found: nodes.has(proto.name) ? "two nodes of that name" : `operator "${proto.op}"`,
      });
    nodes.set(proto.name, proto);
  }
  const named = (proto: NodeDef): string[] =>
    proto.input.filter((input) => !input.startsWith("^")).map(valueName);
  for (const proto of protos)
    for (const value of named(proto)) {
      const [name, place] = placeOf(value);
      if (!nodes.has(name) || place >= MOST_OUTPUTS) throw missing(proto, value);
    }
  const read = new Set(protos.flatMap((proto) => named(proto).map((value) => placeOf(value)[0])));
  const original = originals(nodes);
  const inputs = protos.map((proto) => named(proto).map(original));
  const outputs = outputsOf(inputs.flat());
  const all = protos.map(({ name, op, attr }, i) => ({
    ...{ name, op, attr, attributes: {} },
    ...{ inputs: inputs[i], outputs: outputs.get(name) ?? [name] },
  }));
  return needed(all, read);
}

/** What every value that is a copy is a copy of. Copies may run in a circle; then they stay. */
function originals(nodes: ReadonlyMap<string, NodeDef>): (value: string) => string {
  const found = new Map<string, string>();
  const copied = (value: string): string | undefined => {
    const node = nodes.get(value);
    const input = node && copies.has(node.op) ? node.input.find((each) => !each.startsWith("^")) : undefined;
    return input === undefined ? undefined : valueName(input);
  };
  return (value) => {
    const way = new Set<string>();
    let at = value;
    for (let next = copied(at); next !== undefined && !found.has(at) && !way.has(at); next = copied(at)) {
      way.add(at);
      at = next;
    }
    const original = way.has(at) ? value : (found.get(at) ?? at);
    for (const each of way) found.set(each, original);
    return original;
  };
}

/** The values of each node that are read, at their places. */
function outputsOf(values: readonly string[]): Map<string, string[]> {
  const outputs = new Map<string, string[]>();
  for (const value of values) {
    const [name, place] = placeOf(value);
    const own = outputs.get(name) ?? [];
    while (own.length <= place) own.push("");
    own[place] = value;
    outputs.set(name, own);
  }
  return outputs;
}

/** "x:0" and "x" are the same. */
function valueName(input: string): string {
  return input.endsWith(":0") ? input.slice(0, -2) : input;
}

function placeOf(value: string): [name: string, place: number] {
  const [, name, place] = /^(.*):(\d{1,5})$/.exec(value) ?? [undefined, value, "0"];
  return [name, Number(place)];
}

function missing({ name, op }: NodeDef, value: string): OctavoxError {
  return new OctavoxError("format", `node "${name}" (${op})`, {
    expected: "inputs that are outputs of nodes",
    found: `"${value}", which nothing computes`,
    remedy: "Check that the file is complete",
  });
}

/** Nodes that an end needs: an end is what nobody reads, but for what computes nothing. */
function needed(nodes: readonly TfNode[], read: ReadonlySet<string>): TfNode[] {
  const ends = nodes.filter(({ name, op }) => !read.has(name) && !silent.has(op));
  if (ends.length > 0) return reachable(nodes, ends);
  throw new OctavoxError("format", "the graph has no end", {
    expected: "a node whose result no other node reads",
    found: `${nodes.length} nodes without one`,
  });
}

/** Those of the nodes that some of them need, in their order. */
export function reachable(nodes: readonly TfNode[], from: readonly TfNode[]): TfNode[] {
  const producer = producersOf(nodes);
  const kept = new Set<TfNode>();
  const waiting = [...from];
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    if (kept.has(node)) continue;
    kept.add(node);
    for (const input of node.inputs) waiting.push(producer.get(input)!);
  }
  return nodes.filter((node) => kept.has(node));
}

export function producersOf(nodes: readonly TfNode[]): Map<string, TfNode> {
  const made = nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const));
  return new Map(made.filter(([output]) => output !== ""));
}

/** Nodes whose results nobody reads: what the graph gives. */
export function endsOf(nodes: readonly TfNode[]): TfNode[] {
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  return nodes.filter(({ outputs }) => !outputs.some((output) => read.has(output)));
}
