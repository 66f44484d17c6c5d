// TensorFlow's frozen graphs (`.pb`, a GraphDef whose variables are constants) → model. As with ONNX, the bytes are data of
// unknown origin: whatever is wrong with them becomes an `OctavoxError`.

import { fromBinary } from "@bufbuild/protobuf";
import { OctavoxError } from "../../errors.ts";
import type { Model } from "../../model/graph.ts";
import { convertGraph } from "./graph.ts";
import { type GraphDef, GraphDefSchema } from "./graphdef_pb.ts";

export interface TensorflowImportOptions {
  /** What errors call the file. */
  file?: string | undefined;
}

/** ONNX's operators are those of this version. */
const OPSET = 21;

/**
 * Whether a file begins as a GraphDef does: with field 1, a message (a node), which itself begins with field 1, bytes (its
 * name). An ONNX model's field 1 is a number.
 */
export function isGraphDef(bytes: Uint8Array): boolean {
  const FIELD_1_OF_BYTES = 0x0a;
  let at = 1;
  // The node's length, seven bits a byte.
  while (at < 6 && bytes[at] >= 0x80) at++;
  return bytes[0] === FIELD_1_OF_BYTES && bytes[at + 1] === FIELD_1_OF_BYTES;
}

/**
 * @returns a model of one graph, in ONNX's operators. A front end in the graph (DecodeWav, AudioSpectrogram, Mfcc) becomes
 * metadata, `{ task: "keywords", samples, features }`; labels are not in such files.
 * @throws OctavoxError `format` when the bytes are not a sound frozen graph, `unsupported` when they ask for operators,
 * types or loops octavox does not have
 */
export function importTensorflow(bytes: Uint8Array, { file }: TensorflowImportOptions = {}): Model {
  try {
    const { graph, metadata } = convertGraph(parse(bytes), OPSET);
    return { graphs: [graph], opset: OPSET, metadata: { producer: "tensorflow", ...metadata } };
  } catch (error) {
    throw error instanceof OctavoxError && file !== undefined ? error.with({ file }) : error;
  }
}

function parse(bytes: Uint8Array): GraphDef {
  let proto: GraphDef | undefined;
  let cause: unknown;
  try {
    proto = fromBinary(GraphDefSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    cause = error;
  }
  if (proto && proto.node.length > 0) return proto;
  throw new OctavoxError("format", "not a TensorFlow graph, or a damaged one", {
    expected: "a serialized GraphDef",
    found: proto
      ? `${bytes.length} bytes without a node`
      : `${bytes.length} bytes that cannot be read as one (${cause instanceof Error ? cause.message : cause})`,
    remedy: "Check that the file was downloaded completely",
    cause,
  });
}
