// AttributeProto → attribute: numbers, text, tensors and subgraphs.

import { OctavoxError } from "../../errors.ts";
import type { Attribute, Graph } from "../../model/graph.ts";
import { Tensor } from "../../tensor/tensor.ts";
import type { AttributeProto, GraphProto, NodeProto, TensorProto } from "./onnx_pb.ts";

/** How the parts of an attribute that are more than numbers are made. */
export interface Parts {
  tensor(proto: TensorProto): Tensor;
  graph(proto: GraphProto): Graph;
}

/** AttributeProto.AttributeType; the ones left out below are the ones octavox does not have. */
// biome-ignore format: rows read best
const names = [
  "UNDEFINED", "FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS", "STRINGS", "TENSORS", "GRAPHS",
  "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS",
];

const readers: Readonly<Record<string, (proto: AttributeProto, parts: Parts) => Attribute | undefined>> = {
  FLOAT: ({ f }) => f,
  INT: ({ i }) => Number(i),
  STRING: ({ s }) => text(s),
  TENSOR: ({ t }, parts) => t && parts.tensor(t),
  GRAPH: ({ g }, parts) => g && parts.graph(g),
  FLOATS: ({ floats }) => floats,
  INTS: ({ ints }) => ints.map(Number),
  STRINGS: ({ strings }) => strings.map(text),
};

const decoder = new TextDecoder();

function text(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Files of the first IR versions do not say the type; then it is the field that is there. */
function typeOf(proto: AttributeProto): string {
  if (proto.type !== 0) return names[proto.type] ?? `number ${proto.type}`;
  if (proto.t) return "TENSOR";
  if (proto.g) return "GRAPH";
  if (proto.floats.length > 0) return "FLOATS";
  if (proto.ints.length > 0) return "INTS";
  if (proto.strings.length > 0) return "STRINGS";
  if (Object.hasOwn(proto, "f")) return "FLOAT";
  return Object.hasOwn(proto, "s") ? "STRING" : "INT";
}

export function convertAttribute(proto: AttributeProto, parts: Parts, node: string): Attribute {
  const type = typeOf(proto);
  const reader = Object.hasOwn(readers, type) ? readers[type] : undefined;
  if (!reader)
    throw new OctavoxError("unsupported", `attribute "${proto.name}" of node "${node}"`, {
      expected: Object.keys(readers).join(", "),
      found: type,
    });
  const value = reader(proto, parts);
  if (value === undefined || proto.refAttrName !== "")
    throw new OctavoxError("format", `attribute "${proto.name}" of node "${node}"`, {
      expected: `a value of type ${type}`,
      found: proto.refAttrName === "" ? "none" : `a reference to "${proto.refAttrName}" outside a function`,
    });
  return value;
}

/** The forms a `Constant` node may have beside a tensor. Integers are not taken through doubles. */
const constantForms: Readonly<Record<string, (proto: AttributeProto) => Tensor>> = {
  value_float: ({ f }) => new Tensor("float32", [f], []),
  value_floats: ({ floats }) => new Tensor("float32", floats),
  value_int: ({ i }) => new Tensor("int64", BigInt64Array.of(i), []),
  value_ints: ({ ints }) => new Tensor("int64", BigInt64Array.from(ints)),
};

/** The value of a `Constant` node. */
export function constantOf(proto: NodeProto, parts: Parts, node: string): Tensor {
  const attribute = proto.attribute.find(({ name }) => /^(sparse_)?value(_|$)/.test(name));
  if (attribute?.name === "value" && attribute.t) return parts.tensor(attribute.t);
  if (attribute && Object.hasOwn(constantForms, attribute.name))
    return constantForms[attribute.name](attribute);
  throw new OctavoxError(attribute ? "unsupported" : "format", `Constant node "${node}"`, {
    expected: `one of value, ${Object.keys(constantForms).join(", ")}`,
    found: attribute?.name ?? "none",
  });
}
