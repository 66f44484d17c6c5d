// Small ONNX files for tests, built with the format's own schema.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type GraphProtoSchema, ModelProtoSchema } from "./onnx_pb.ts";

export type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
export type ModelInit = MessageInitShape<typeof ModelProtoSchema>;

/** A serialized model of opset 17 around a graph. */
export function onnxFile(graph: GraphInit, rest: ModelInit = {}): Uint8Array {
  const init = { irVersion: 8n, opsetImport: [{ version: 17n }], graph, ...rest };
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, init as ModelInit));
}

/** A declared float32 input or output; a bigint is a size, a string a name. */
export function value(name: string, dims: readonly (bigint | string)[], elemType = 1) {
  const dim = dims.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

/** A node from "op: inputs → outputs", names separated by spaces. */
export function node(text: string, more: { name?: string; domain?: string; attribute?: object[] } = {}) {
  const [opType, input, output] = text.split(/:|→/).map((part) => part.trim());
  const names = (list: string) => list.split(" ").filter(Boolean);
  return { opType, input: names(input), output: names(output), ...more };
}
