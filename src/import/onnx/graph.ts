// GraphProto → graph: inputs, constants and nodes under unique names, sorted, with every value they read
// accounted for. Subgraphs are converted the same way and see the values around them.

import { isFieldSet } from "@bufbuild/protobuf";
import { OctavoxError } from "../../errors.ts";
import { type DeclaredDim, type Graph, isGraph, type Node, type ValueInfo } from "../../model/graph.ts";
import { onnxTypeName, onnxTypes } from "../../model/onnx-types.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { sortNodes } from "../sort.ts";
import { constantOf, convertAttribute, type Parts } from "./attributes.ts";
import {
  type GraphProto,
  type NodeProto,
  type TensorShapeProto_Dimension,
  TensorShapeProto_DimensionSchema,
  type ValueInfoProto,
} from "./onnx_pb.ts";
import { convertTensor, type ExternalData } from "./tensor.ts";

/** What the whole file shares. */
export interface FileContext {
  external: ExternalData | undefined;
  /** Operators that the file defines itself. */
  functions: ReadonlySet<string>;
}

export function convertGraph(proto: GraphProto, file: FileContext): Graph {
  const graph = convert(proto, file, "outermost");
  checkReads(graph, () => false);
  return graph;
}

/** ONNX's own operators by name, those of other domains as "domain::name". */
export function operatorName(domain: string, name: string): string {
  return domain === "" || domain === "ai.onnx" ? name : `${domain}::${name}`;
}

type Place = "outermost" | "inner";

/** Calls itself for the graphs inside: the protobuf reader has refused files that nest too deeply. */
function convert(proto: GraphProto, file: FileContext, place: Place): Graph {
  const where = proto.name || "main";
  if (proto.sparseInitializer.length > 0)
    throw new OctavoxError("unsupported", `graph "${where}" has sparse constants`, {
      found: `"${proto.sparseInitializer[0].values?.name ?? ""}"`,
    });
  const parts: Parts = {
    tensor: (tensor) => convertTensor(tensor, file.external),
    graph: (inner) => convert(inner, file, "inner"),
  };
  const constants = new Map<string, Tensor>();
  for (const tensor of proto.initializer) define(constants, tensor.name, parts.tensor(tensor), where);
  const names = nodeNames(proto.node);
  const nodes: Node[] = [];
  proto.node.forEach((node, i) => {
    if (node.opType === "Constant" && operatorName(node.domain, "") === "")
      define(constants, node.output[0] ?? "", constantOf(node, parts, names[i]), where);
    else nodes.push(convertNode(node, names[i], file, parts));
  });
  return {
    name: where,
    inputs: proto.input.filter(({ name }) => !constants.has(name)).map((input) => convertValue(input, where)),
    outputs: convertOutputs(proto, where, place),
    nodes: sortNodes(nodes),
    constants,
  };
}

function define(constants: Map<string, Tensor>, name: string, tensor: Tensor, graph: string): void {
  if (name === "" || constants.has(name))
    throw new OctavoxError("format", `graph "${graph}"`, {
      expected: "a name of its own for each constant",
      found: name === "" ? "one without a name" : `"${name}" twice`,
    });
  constants.set(name, tensor);
}

/** The file's names; where one is missing or taken, operator and position. */
function nodeNames(nodes: readonly NodeProto[]): string[] {
  const taken = new Set(nodes.map(({ name }) => name));
  const seen = new Set<string>([""]);
  return nodes.map(({ name, opType }, i) => {
    let unique = name;
    for (let attempt = i; seen.has(unique); attempt += nodes.length) {
      const made = `${opType}_${attempt}`;
      unique = taken.has(made) ? "" : made;
    }
    seen.add(unique);
    return unique;
  });
}

function convertNode(proto: NodeProto, name: string, file: FileContext, parts: Parts): Node {
  const op = operatorName(proto.domain, proto.opType);
  if (proto.opType === "")
    throw new OctavoxError("format", `node "${name}"`, { expected: "an operator", found: "none" });
  if (file.functions.has(op))
    throw new OctavoxError("unsupported", `node "${name}" calls ${op}, a function that the file defines`, {
      remedy: "Inline the model's functions before importing it",
    });
  const attributes = proto.attribute.map(
    (attribute) => [attribute.name, convertAttribute(attribute, parts, name)] as const,
  );
  return {
    name,
    op,
    inputs: withoutTrailingEmpty(proto.input),
    outputs: withoutTrailingEmpty(proto.output),
    attributes: Object.fromEntries(attributes),
  };
}

function withoutTrailingEmpty(names: readonly string[]): readonly string[] {
  const last = names.findLastIndex((name) => name !== "");
  return names.slice(0, last + 1);
}

/** An inner graph may leave out the types of its outputs; what is declared beside them then says it. */
function convertOutputs(proto: GraphProto, where: string, place: Place): ValueInfo[] {
  return proto.output.map((output) => {
    if (
      place === "outermost" ||
      output.type?.tensorType?.elemType ||
      output.type?.sequenceType ||
      output.type?.optionalType
    )
      return convertValue(output, where);
    const declared = proto.valueInfo.find(
      ({ name, type }) => name === output.name && type?.tensorType?.elemType,
    );
    return declared
      ? convertValue(declared, where)
      : { name: output.name, dtype: "float32", dims: undefined };
  });
}

function convertValue({ name, type }: ValueInfoProto, graph: string): ValueInfo {
  const what = `"${name}" of graph "${graph}"`;
  const other = type?.sequenceType ? "a sequence" : type?.optionalType ? "an optional value" : undefined;
  if (other) throw new OctavoxError("unsupported", what, { expected: "a tensor", found: other });
  if (name === "" || !type?.tensorType)
    throw new OctavoxError("format", what, {
      expected: "a named tensor",
      found: name ? "no type" : "no name",
    });
  const { elemType, shape } = type.tensorType;
  const dtype = onnxTypes[elemType];
  if (dtype === undefined)
    throw new OctavoxError("unsupported", what, {
      expected: "an element type octavox has",
      found: onnxTypeName(elemType),
    });
  return { name, dtype, dims: shape?.dim.map((dim, axis) => convertDim(dim, `${name}_${axis}`)) };
}

/** A size the file leaves open gets a name, so that it can be told from others. */
function convertDim(dim: TensorShapeProto_Dimension, name: string): DeclaredDim {
  if (dim.dimParam !== "") return dim.dimParam;
  const known = isFieldSet(dim, TensorShapeProto_DimensionSchema.field.dimValue) && dim.dimValue >= 0n;
  return known ? Number(dim.dimValue) : name;
}

/** Every value that is read must be an input, a constant, a node's output, or a value of the graph around. */
function checkReads(graph: Graph, around: (value: string) => boolean): void {
  const defined = new Set([...graph.constants.keys(), ...graph.inputs.map(({ name }) => name)]);
  for (const node of graph.nodes) for (const output of node.outputs) defined.add(output);
  const known = (value: string) => value === "" || defined.has(value) || around(value);
  for (const node of graph.nodes) {
    const missing = node.inputs.find((input) => !known(input));
    if (missing !== undefined) throw undefinedValue(`node "${node.name}" (${node.op})`, missing);
    for (const attribute of Object.values(node.attributes))
      if (isGraph(attribute)) checkReads(attribute, known);
  }
  const missing = graph.outputs.find(({ name }) => !known(name));
  if (missing) throw undefinedValue(`an output of graph "${graph.name}"`, missing.name);
}

function undefinedValue(what: string, value: string): OctavoxError {
  return new OctavoxError("format", what, {
    expected: "an input, a constant or the output of a node",
    found: `"${value}", which nothing computes`,
  });
}
