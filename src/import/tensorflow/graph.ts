// GraphDef → graph: the front end becomes data, loops become layers, and every other node goes through the table of
// operators, in an order in which what it reads is there.

import { OctavoxError } from "../../errors.ts";
import { forNode } from "../../model/for-node.ts";
import type { Graph, ValueInfo } from "../../model/graph.ts";
import { inferShapes } from "../../model/infer.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sortNodes } from "../sort.ts";
import { attribute } from "./attributes.ts";
import { GraphBuilder } from "./builder.ts";
import { elementwise } from "./elementwise.ts";
import { behind, type FrontEnd, frontEndOf } from "./front-end.ts";
import type { GraphDef } from "./graphdef_pb.ts";
import { knownValues } from "./known.ts";
import { layers } from "./layers.ts";
import { type LayerNode, loopsToLayers } from "./loops.ts";
import { movement } from "./movement.ts";
import { endsOf, readNodes, type TfNode } from "./nodes.ts";
import { checkInputs, type Operators, type Site } from "./operator.ts";
import { emitLayer } from "./recurrent.ts";
import { convertTensor, MOST_REPEATED } from "./tensor.ts";

const operators: Operators = { ...elementwise, ...layers, ...movement };

/** The graph, and what its file says beside it. */
export interface Converted {
  graph: Graph;
  metadata: FrontEnd["metadata"] | Record<string, never>;
}

/**
 * @param opset version of ONNX's operators
 * @throws OctavoxError `format`, `unsupported`, `shape`, naming the node
 */
export function convertGraph(proto: GraphDef, opset: number): Converted {
  const read = readNodes(proto);
  const frontEnd = frontEndOf(read);
  const written = frontEnd ? behind(frontEnd, read) : read;
  const tensors = constantsOf(written);
  const known = knownValues(written, tensors);
  const nodes = sortNodes(loopsToLayers(written, known));
  const graph = new GraphBuilder(nodes.flatMap(({ outputs }) => outputs));
  const inputs: ValueInfo[] = [];
  for (const node of nodes) {
    const tensor = tensors.get(node.name);
    if (tensor) graph.constants.set(node.name, tensor);
    else if (node.outputs[0] === frontEnd?.input.name) inputs.push(frontEnd.input);
    else if (node.op === "Placeholder") inputs.push(placeholder(node));
    else if ("layer" in node) emitLayer(node as LayerNode, graph);
    else forNode(node, () => convert({ node, known, graph }));
  }
  const outputs = endsOf(nodes).map(({ outputs: [name] }) => name);
  return { graph: finish(graph, inputs, outputs, opset), metadata: frontEnd?.metadata ?? {} };
}

/** All together may leave out only so many elements that repeat one another. */
function constantsOf(nodes: readonly TfNode[]): Map<string, Tensor> {
  const allowance = { left: MOST_REPEATED };
  const tensors = new Map<string, Tensor>();
  for (const node of nodes) {
    if (node.op !== "Const") continue;
    const tensor = attribute.tensor(node, "value");
    if (!tensor)
      throw new OctavoxError("format", `constant "${node.name}"`, { expected: "a tensor", found: "none" });
    tensors.set(node.name, convertTensor(tensor, node.name, allowance));
  }
  return tensors;
}

function placeholder(node: TfNode): ValueInfo {
  const dims = attribute
    .shape(node, "shape")
    ?.map((size, axis) => (size < 0 ? `${node.name}_${axis}` : size));
  return { name: node.outputs[0], dtype: attribute.dtype(node, "dtype"), dims };
}

function convert(site: Site): void {
  const { node } = site;
  const operator = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined;
  if (!operator)
    throw new OctavoxError("unsupported", `operator ${node.op} of node "${node.name}"`, {
      expected: "an operator that the importer of TensorFlow graphs knows",
      remedy: "docs/import.md lists them",
    });
  checkInputs(node, operator.inputs);
  operator.convert(site);
}

/** The graph without what nothing reads; the sizes of its outputs are those that follow from its inputs. */
function finish(
  { nodes, constants }: GraphBuilder,
  inputs: readonly ValueInfo[],
  ends: readonly string[],
  opset: number,
): Graph {
  const needed = new Set(ends);
  const used = nodes.toReversed().filter(({ inputs: reads, outputs }) => {
    const wanted = outputs.some((output) => needed.has(output));
    if (wanted) for (const input of reads) needed.add(input);
    return wanted;
  });
  const graph: Graph = {
    ...{ name: "main", inputs, nodes: used.reverse() },
    outputs: ends.map((name) => ({ name, dtype: "float32", dims: undefined })),
    constants: new Map([...constants].filter(([name]) => needed.has(name))),
  };
  const facts = inferShapes(graph, { opset });
  const outputs = ends.map((name) => {
    const fact = facts.get(name);
    const dims = fact?.dims?.map((dim, axis) => (typeof dim === "number" ? dim : `${name}_${axis}`));
    return { name, dtype: fact?.dtype ?? "float32", dims };
  });
  return { ...graph, outputs };
}
