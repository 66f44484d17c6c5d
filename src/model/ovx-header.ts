// The JSON header of a packed file (docs/format.md), from text that nobody vouches for to records in which every
// type, number and reference has been checked. Nothing here looks at tensor data or allocates for it.

import { OctavoxError } from "../errors.ts";
import { type DType, dtypes, fileBytes } from "../tensor/dtype.ts";
import type { DeclaredDim, State, ValueInfo } from "./graph.ts";
import { hasPanels, type PanelType, panelledBytes } from "./panels.ts";

/** A tensor of the file. */
export interface TensorRecord {
  name: string;
  dtype: DType;
  /** The tensor's own dimensions, whatever the layout. */
  dims: readonly number[];
  layout: "rows" | "panels";
  /** From the beginning of the data, a multiple of 64. */
  offset: number;
  bytes: number;
  crc32: number;
}

/** An attribute whose tensors are still numbers in the table. */
export type AttributeRecord =
  | number
  | string
  | readonly number[]
  | readonly string[]
  | { tensor: number }
  | { graph: GraphRecord };

export interface NodeRecord {
  name: string;
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: readonly (readonly [name: string, value: AttributeRecord])[];
}

export interface GraphRecord {
  name: string;
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  nodes: readonly NodeRecord[];
  /** Value names with their tensors' places in the table. */
  constants: readonly (readonly [name: string, tensor: number])[];
}

export interface HeaderRecord {
  opset: number;
  graphs: readonly GraphRecord[];
  states: readonly State[];
  metadata: Readonly<Record<string, unknown>>;
  tensors: readonly TensorRecord[];
}

/** Every tensor begins at a multiple of this. */
export const ALIGNMENT = 64;
const MOST_DIMS = 16;
const DEEPEST_GRAPH = 16;

/** @throws OctavoxError `format` */
export function parseHeader(text: string): HeaderRecord {
  const header = object(parseJson(text), "the header");
  const tensors = list(header.tensors, "tensors").map((value, i) => tensor(value, `tensors[${i}]`));
  checkPlaces(tensors);
  return {
    opset: count(header.opset, "opset"),
    graphs: list(header.graphs, "graphs").map((value, i) => graph(value, `graphs[${i}]`, tensors, 0)),
    states: list(header.states, "states").map((value, i) => state(value, `states[${i}]`)),
    metadata: object(header.metadata, "metadata"),
    tensors,
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OctavoxError("format", "the header of the packed file is not JSON", { cause });
  }
}

// -- tensors ---------------------------------------------------------------------------------------------------

function tensor(value: unknown, where: string): TensorRecord {
  const record = object(value, where);
  const dtype = text(record.dtype, `${where}.dtype`);
  if (!Object.hasOwn(dtypes, dtype)) fail(`${where}.dtype`, "an element type", dtype);
  const dims = list(record.dims, `${where}.dims`).map((dim, i) => count(dim, `${where}.dims[${i}]`));
  if (dims.length > MOST_DIMS) fail(`${where}.dims`, `at most ${MOST_DIMS} dimensions`, `${dims.length}`);
  const layout = record.layout ?? "rows";
  if (layout !== "rows" && layout !== "panels") fail(`${where}.layout`, `"rows" or "panels"`, layout);
  if (layout === "panels" && (!hasPanels(dtype as DType) || dims.length !== 2))
    fail(where, "panels of a float32, int8 or int4 matrix", `${dtype} of rank ${dims.length}`);
  const bytes = count(record.bytes, `${where}.bytes`);
  const needed =
    layout === "panels"
      ? panelledBytes(dtype as PanelType, dims[0], dims[1])
      : fileBytes(dtype as DType, elementsOf(dims));
  if (bytes !== needed) fail(`${where}.bytes`, `${needed} for ${dtype} [${dims.join(", ")}]`, bytes);
  return {
    name: text(record.name, `${where}.name`),
    dtype: dtype as DType,
    dims,
    layout,
    offset: count(record.offset, `${where}.offset`),
    bytes,
    crc32: count(record.crc32, `${where}.crc32`),
  };
}

/** Product of sizes, 0 as soon as one is 0, however large the others are. */
function elementsOf(dims: readonly number[]): number {
  return dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
}

/** Each tensor begins at the first multiple of 64 after the one before: no overlaps, no hiding places. */
function checkPlaces(tensors: readonly TensorRecord[]): void {
  let end = 0;
  tensors.forEach(({ offset, bytes }, i) => {
    const next = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    if (offset !== next) fail(`tensors[${i}].offset`, `${next}`, offset);
    end = offset + bytes;
  });
}

// -- graphs ----------------------------------------------------------------------------------------------------

function graph(value: unknown, where: string, tensors: readonly TensorRecord[], depth: number): GraphRecord {
  if (depth > DEEPEST_GRAPH) fail(where, `at most ${DEEPEST_GRAPH} graphs in one another`, "more");
  const record = object(value, where);
  const valuesOf = (key: string) =>
    list(record[key], `${where}.${key}`).map((info, i) => valueInfo(info, `${where}.${key}[${i}]`));
  return {
    name: text(record.name, `${where}.name`),
    inputs: valuesOf("inputs"),
    outputs: valuesOf("outputs"),
    nodes: list(record.nodes, `${where}.nodes`).map((item, i) =>
      node(item, `${where}.nodes[${i}]`, tensors, depth),
    ),
    constants: list(record.constants, `${where}.constants`).map((item, i) =>
      constant(item, `${where}.constants[${i}]`, tensors),
    ),
  };
}

function constant(
  value: unknown,
  where: string,
  tensors: readonly TensorRecord[],
): readonly [string, number] {
  const [name, index] = list(value, where);
  return [text(name, where), tensorIndex(index, where, tensors)];
}

function valueInfo(value: unknown, where: string): ValueInfo {
  const record = object(value, where);
  const dtype = text(record.dtype, `${where}.dtype`);
  if (!Object.hasOwn(dtypes, dtype)) fail(`${where}.dtype`, "an element type", dtype);
  const dims =
    record.dims === undefined
      ? undefined
      : list(record.dims, `${where}.dims`).map(
          (dim, i): DeclaredDim => (typeof dim === "string" ? dim : count(dim, `${where}.dims[${i}]`)),
        );
  return { name: text(record.name, `${where}.name`), dtype: dtype as DType, dims };
}

function node(value: unknown, where: string, tensors: readonly TensorRecord[], depth: number): NodeRecord {
  const record = object(value, where);
  const attributes = object(record.attributes ?? {}, `${where}.attributes`);
  return {
    name: text(record.name, `${where}.name`),
    op: text(record.op, `${where}.op`),
    inputs: texts(record.inputs, `${where}.inputs`),
    outputs: texts(record.outputs, `${where}.outputs`),
    attributes: Object.entries(attributes).map(([name, item]) => [
      name,
      attribute(item, `${where}.attributes.${name}`, tensors, depth),
    ]),
  };
}

function attribute(
  value: unknown,
  where: string,
  tensors: readonly TensorRecord[],
  depth: number,
): AttributeRecord {
  if (typeof value === "string") return value;
  if (Array.isArray(value))
    return value.every((item) => typeof item === "string")
      ? value
      : value.map((item, i) => number(item, `${where}[${i}]`));
  if (typeof value !== "object" || value === null || "number" in value) return number(value, where);
  if ("graph" in value) return { graph: graph(value.graph, `${where}.graph`, tensors, depth + 1) };
  const record = object(value, where);
  const index = tensorIndex(record.tensor, `${where}.tensor`, tensors);
  if (tensors[index].layout !== "rows") fail(`${where}.tensor`, "a tensor in rows", tensors[index].layout);
  return { tensor: index };
}

/** Numbers that JSON cannot write are `{"number": "NaN"}`, "Infinity", "-Infinity" or "-0". */
function number(value: unknown, where: string): number {
  if (typeof value === "number") return value;
  const special = ["NaN", "Infinity", "-Infinity", "-0"];
  const written = typeof value === "object" && value !== null && "number" in value ? value.number : undefined;
  if (typeof written !== "string" || !special.includes(written)) fail(where, "a number", value);
  return Number(written);
}

function tensorIndex(value: unknown, where: string, tensors: readonly TensorRecord[]): number {
  const index = count(value, where);
  if (index >= tensors.length) fail(where, `a tensor's number below ${tensors.length}`, index);
  return index;
}

function state(value: unknown, where: string): State {
  const record = object(value, where);
  return {
    name: text(record.name, `${where}.name`),
    input: text(record.input, `${where}.input`),
    output: text(record.output, `${where}.output`),
  };
}

// -- JSON values -----------------------------------------------------------------------------------------------

function object(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(where, "an object", value);
  return value as Record<string, unknown>;
}

function list(value: unknown, where: string): readonly unknown[] {
  return Array.isArray(value) ? value : fail(where, "a list", value);
}

function text(value: unknown, where: string): string {
  return typeof value === "string" ? value : fail(where, "a string", value);
}

function texts(value: unknown, where: string): readonly string[] {
  return list(value, where).map((item, i) => text(item, `${where}[${i}]`));
}

/** A whole number ≥ 0 that a double holds exactly. */
function count(value: unknown, where: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : fail(where, "a whole number ≥ 0", value);
}

/** @throws OctavoxError `format` about a place in the header */
export function fail(where: string, expected: string, found: unknown): never {
  const shown =
    found === ""
      ? '""'
      : typeof found === "object" && found !== null
        ? Array.isArray(found)
          ? "a list"
          : "an object"
        : String(found);
  throw new OctavoxError("format", `packed file: ${shorten(where)} in the header`, {
    expected,
    found: shorten(shown),
  });
}

function shorten(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
