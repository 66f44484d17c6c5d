// ONNX file → model. The bytes are data of unknown origin: whatever is wrong with them becomes an
// `OctavoxError`, and nothing is allocated that the file does not itself hold.

import { fromBinary } from "@bufbuild/protobuf";
import { OctavoxError } from "../../errors.ts";
import type { Model } from "../../model/graph.ts";
import { convertGraph, operatorName } from "./graph.ts";
import { type ModelProto, ModelProtoSchema, type OperatorSetIdProto } from "./onnx_pb.ts";
import type { ExternalData } from "./tensor.ts";

export interface OnnxImportOptions {
  /** Returns the bytes of a file that the model keeps weights in, by its path relative to the model. */
  external?: ExternalData | undefined;
  /** What errors call the file. */
  file?: string | undefined;
}

/** The newest IR version whose fields are all known here; later ones have only ever added to it. */
const firstIrVersionWithOpsets = 3;

/**
 * @returns a model of one graph
 * @throws OctavoxError `format` when the bytes are not a sound ONNX model, `unsupported` when they ask for
 * types or structures octavox does not have, `not-found` when weights lie in files that were not handed over
 */
export function importOnnx(bytes: Uint8Array, options: OnnxImportOptions = {}): Model {
  try {
    return convertModel(parse(bytes), options.external);
  } catch (error) {
    if (error instanceof OctavoxError && options.file !== undefined) throw error.with({ file: options.file });
    throw error;
  }
}

function parse(bytes: Uint8Array): ModelProto {
  if (bytes.length === 0) throw notOnnx("an empty file");
  let proto: ModelProto;
  try {
    proto = fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (cause) {
    throw new OctavoxError("format", "not an ONNX model, or a damaged one", {
      expected: "a serialized ModelProto",
      found: `${bytes.length} bytes that cannot be read as one (${reason(cause)})`,
      remedy: "Check that the file was downloaded completely",
      cause,
    });
  }
  if (!proto.graph) throw notOnnx(`${bytes.length} bytes without a graph`);
  return proto;
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function notOnnx(found: string): OctavoxError {
  return new OctavoxError("format", "not an ONNX model", {
    expected: "a serialized ModelProto with a graph",
    found,
  });
}

function convertModel(proto: ModelProto, external: ExternalData | undefined): Model {
  const opset = opsetOf(proto);
  const functions = new Set(proto.functions.map(({ domain, name }) => operatorName(domain, name)));
  const graph = convertGraph(proto.graph!, { external, functions });
  const producer = [proto.producerName, proto.producerVersion].filter(Boolean).join(" ");
  const properties = proto.metadataProps.map(({ key, value }) => [key, value] as const);
  return {
    graphs: [graph],
    opset,
    metadata: Object.fromEntries([...(producer ? [["producer", producer] as const] : []), ...properties]),
  };
}

/** Version of the default operator set. */
function opsetOf({ irVersion, opsetImport }: ModelProto): number {
  if (irVersion < firstIrVersionWithOpsets && opsetImport.length === 0) return 1;
  const version = defaultOpset(opsetImport);
  if (version === undefined || version < 1n || version > 1000n)
    throw new OctavoxError("format", "ONNX model", {
      expected: "the version of the default operator set",
      found: version === undefined ? "none (is the file cut short?)" : `${version}`,
    });
  return Number(version);
}

function defaultOpset(imports: readonly OperatorSetIdProto[]): bigint | undefined {
  return imports.find(({ domain }) => domain === "" || domain === "ai.onnx")?.version;
}
