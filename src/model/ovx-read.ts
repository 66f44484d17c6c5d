// Reading packed models: a JSON header and the tensors' bytes, as docs/format.md describes them. There are two
// steps, so that a caller can put the data where it wants it: the header, checked in full, then each tensor.

import { OctavoxError } from "../errors.ts";
import { elementBytes } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { crc32 } from "./crc32.ts";
import { decodeElements } from "./encoding.ts";
import type { Attribute, Graph, Layout, Model, Node } from "./graph.ts";
import { checkGraphs } from "./ovx-check.ts";
import {
  ALIGNMENT,
  type AttributeRecord,
  type GraphRecord,
  type HeaderRecord,
  type NodeRecord,
  parseHeader,
  type TensorRecord,
} from "./ovx-header.ts";
import { type PanelType, panelStorage } from "./panels.ts";

export type { TensorRecord } from "./ovx-header.ts";

/** PNG's idea: a byte no text begins with, the name, and line ends that a transfer as text would change. */
export const MAGIC: readonly number[] = [0x8f, 0x4f, 0x56, 0x58, 0x0d, 0x0a, 0x1a, 0x0a];
export const VERSION = 1;
/** Magic, version, length and checksum of the header. */
export const PRELUDE_BYTES = 20;
/** A longer header is refused before it is looked at. */
export const MOST_HEADER_BYTES = 16 * 2 ** 20;

/** What a packed file says about itself; every size and reference in it has been checked. */
export interface OvxHeader extends HeaderRecord {
  /** Where the data begins in the file; tensors' offsets count from here. */
  dataOffset: number;
}

/** Whether bytes claim to be a packed model; a transfer as text changes only what comes after these four. */
export function isOvx(bytes: Uint8Array): boolean {
  return MAGIC.slice(0, 4).every((byte, i) => bytes[i] === byte);
}

/** Bytes from the beginning of the file that `readOvxHeader` needs, from its first `PRELUDE_BYTES`. */
export function ovxHeadBytes(prelude: Uint8Array): number {
  const view = new DataView(prelude.buffer, prelude.byteOffset, prelude.byteLength);
  const magic = prelude.subarray(0, MAGIC.length);
  if (magic.length === 0) throw new OctavoxError("format", "the packed file is empty");
  if (magic.some((byte, i) => byte !== MAGIC[i]))
    throw new OctavoxError("format", "not a packed octavox model", {
      expected: hex(MAGIC),
      found: hex(magic),
      remedy: "Import models of other formats first",
    });
  if (prelude.length < PRELUDE_BYTES) truncated(PRELUDE_BYTES, prelude.length);
  const length = view.getUint32(12, true);
  if (length > MOST_HEADER_BYTES)
    throw new OctavoxError("format", "packed file: length of the header", {
      offset: 12,
      expected: `at most ${MOST_HEADER_BYTES} bytes`,
      found: `${length}`,
    });
  return PRELUDE_BYTES + length;
}

/**
 * Reads and checks the header. Allocates for the header only, whatever sizes it speaks of.
 * @param bytes the beginning of the file, with at least the header in it
 * @param totalBytes size of the whole file
 * @throws OctavoxError `format`
 */
export function readOvxHeader(bytes: Uint8Array, totalBytes = bytes.length): OvxHeader {
  const end = ovxHeadBytes(bytes);
  if (bytes.length < end) truncated(end, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const content = bytes.subarray(PRELUDE_BYTES, end);
  const version = view.getUint32(8, true);
  if (version !== VERSION) refuseVersion(version, content);
  checkSum(content, view.getUint32(16, true), "the header", PRELUDE_BYTES);
  const header = parseHeader(new TextDecoder().decode(content));
  const dataOffset = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
  const last = header.tensors.at(-1);
  const needed = last ? dataOffset + last.offset + last.bytes : end;
  if (totalBytes < needed) truncated(needed, totalBytes);
  if (totalBytes > needed)
    throw new OctavoxError("format", "packed file: more data than tensors", {
      offset: needed,
      expected: `${needed} bytes`,
      found: `${totalBytes}`,
    });
  checkGraphs(header);
  return { ...header, dataOffset };
}

/**
 * One tensor from its bytes: a view of them where they are aligned and need no conversion, otherwise a copy.
 * A matrix in panels comes as they lie, in one dimension; of int4 as uint8.
 * @throws OctavoxError `format` when the checksum differs
 */
export function readTensor(record: TensorRecord, bytes: Uint8Array): Tensor {
  checkSum(bytes, record.crc32, `tensor "${record.name}"`);
  if (record.layout === "rows") return decodeElements(record.dtype, record.dims, bytes);
  const stored = panelStorage(record.dtype as PanelType);
  return decodeElements(stored, [record.bytes / elementBytes(stored)], bytes);
}

/** The model a header describes, with its tensors in the order of the header's table. */
export function assembleModel(header: HeaderRecord, tensors: readonly Tensor[]): Model {
  const { opset, states, metadata } = header;
  const graphs = header.graphs.map((graph) => assembleGraph(graph, header.tensors, tensors));
  return { graphs, opset, metadata, ...(states.length > 0 && { states }) };
}

/** @throws OctavoxError `format` */
export function readOvx(bytes: Uint8Array): Model {
  const header = readOvxHeader(bytes);
  const tensors = header.tensors.map((record) => {
    const start = header.dataOffset + record.offset;
    return readTensor(record, bytes.subarray(start, start + record.bytes));
  });
  return assembleModel(header, tensors);
}

function assembleGraph(
  record: GraphRecord,
  table: readonly TensorRecord[],
  tensors: readonly Tensor[],
): Graph {
  const layouts = new Map<string, Layout>();
  for (const [name, index] of record.constants) {
    const { layout, dims } = table[index];
    if (layout === "panels") layouts.set(name, { layout, dims: [dims[0], dims[1]] });
  }
  return {
    ...record,
    nodes: record.nodes.map((node) => assembleNode(node, table, tensors)),
    constants: new Map(record.constants.map(([name, index]) => [name, tensors[index]])),
    ...(layouts.size > 0 && { layouts }),
  };
}

function assembleNode(record: NodeRecord, table: readonly TensorRecord[], tensors: readonly Tensor[]): Node {
  const assemble = (value: AttributeRecord): Attribute => {
    if (typeof value !== "object") return value;
    if ("tensor" in value) return tensors[value.tensor];
    return "graph" in value ? assembleGraph(value.graph, table, tensors) : value;
  };
  const attributes = record.attributes.map(([name, value]) => [name, assemble(value)] as const);
  return { ...record, attributes: Object.fromEntries(attributes) };
}

function checkSum(bytes: Uint8Array, expected: number, what: string, offset?: number): void {
  const found = crc32(bytes);
  if (found !== expected)
    throw new OctavoxError("format", `packed file: checksum of ${what}`, {
      offset,
      expected: expected.toString(16),
      found: found.toString(16),
      remedy: "The file was damaged; get it again",
    });
}

function truncated(expected: number, found: number): never {
  throw new OctavoxError("format", "the packed file is cut short", {
    expected: `${expected} bytes`,
    found: `${found}`,
    remedy: "Get it again",
  });
}

/** The header of a later version still says, as "octavox", which octavox reads it. */
function refuseVersion(version: number, content: Uint8Array): never {
  const named = /"octavox"\s*:\s*"([0-9.]{1,20})"/.exec(new TextDecoder().decode(content.subarray(0, 1000)));
  throw new OctavoxError("format", "packed file of another version", {
    offset: 8,
    expected: `version ${VERSION}`,
    found: `version ${version}`,
    remedy: named ? `Use octavox ${named[1]} or newer` : "Use a newer octavox",
  });
}

function hex(bytes: Iterable<number>): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
