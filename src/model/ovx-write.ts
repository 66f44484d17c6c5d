// Writing packed models: docs/format.md from the other side. The same model gives the same bytes every time.

import { Tensor } from "../tensor/tensor.ts";
import { crc32 } from "./crc32.ts";
import { encodeElements } from "./encoding.ts";
import {
  type Attribute,
  type Graph,
  isGraph,
  type Layout,
  type Model,
  type Node,
  type ValueInfo,
} from "./graph.ts";
import { ALIGNMENT } from "./ovx-header.ts";
import { MAGIC, PRELUDE_BYTES, readOvxHeader, type TensorRecord, VERSION } from "./ovx-read.ts";
import { panelType } from "./panels.ts";

/** The oldest octavox that reads what is written here. */
const OLDEST_READER = "0.1.0";

/**
 * A model as the bytes of a packed file.
 * @throws OctavoxError `format` when the model is not one that could be read again (a value nobody makes)
 */
export function writeOvx(model: Model): Uint8Array {
  const table = new TensorTable();
  const header = {
    octavox: OLDEST_READER,
    opset: model.opset,
    graphs: model.graphs.map((graph) => graphJson(graph, table)),
    states: model.states ?? [],
    metadata: model.metadata,
    tensors: table.records,
  };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const dataOffset = align(PRELUDE_BYTES + text.length);
  const last = table.records.at(-1);
  const file = new Uint8Array(last ? dataOffset + last.offset + last.bytes : PRELUDE_BYTES + text.length);
  const view = new DataView(file.buffer);
  file.set(MAGIC);
  view.setUint32(8, VERSION, true);
  view.setUint32(12, text.length, true);
  view.setUint32(16, crc32(text), true);
  file.set(text, PRELUDE_BYTES);
  for (const [i, { offset }] of table.records.entries()) file.set(table.contents[i], dataOffset + offset);
  readOvxHeader(file);
  return file;
}

function align(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** The tensors of a file; equal ones are stored once. */
class TensorTable {
  readonly records: TensorRecord[] = [];
  readonly contents: Uint8Array[] = [];
  private readonly known = new Map<Tensor, number>();
  private readonly byContent = new Map<string, number[]>();
  private end = 0;

  /** The tensor's number in the table. */
  add(name: string, tensor: Tensor, layout?: Layout): number {
    if (layout) return this.find(name, tensor, layout);
    const index = this.known.get(tensor) ?? this.find(name, tensor, undefined);
    this.known.set(tensor, index);
    return index;
  }

  private find(name: string, tensor: Tensor, layout: Layout | undefined): number {
    const content = encodeElements(tensor);
    const [dims, order] = layout ? [layout.dims, layout.layout] : [tensor.dims, "rows" as const];
    const dtype = layout ? panelType(tensor) : tensor.dtype;
    const sum = crc32(content);
    const key = `${dtype} ${dims.join(" ")} ${order} ${sum}`;
    const alike = this.byContent.get(key) ?? [];
    const equal = alike.find((index) => sameBytes(this.contents[index], content));
    if (equal !== undefined) return equal;
    const index = this.records.length;
    const offset = align(this.end);
    this.records.push({
      name,
      dtype,
      dims,
      layout: order,
      offset,
      bytes: content.length,
      crc32: sum,
    });
    this.contents.push(content);
    this.byContent.set(key, [...alike, index]);
    this.end = offset + content.length;
    return index;
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function graphJson(graph: Graph, table: TensorTable): object {
  const constants = [...graph.constants].map(
    ([name, tensor]) => [name, table.add(name, tensor, graph.layouts?.get(name))] as const,
  );
  return {
    name: graph.name,
    inputs: graph.inputs.map(valueJson),
    outputs: graph.outputs.map(valueJson),
    constants,
    nodes: graph.nodes.map((node) => nodeJson(node, table)),
  };
}

function valueJson({ name, dtype, dims }: ValueInfo): object {
  return { name, dtype, dims };
}

function nodeJson({ name, op, inputs, outputs, attributes }: Node, table: TensorTable): object {
  const entries = Object.entries(attributes);
  const written = entries.map(
    ([key, value]) => [key, attributeJson(`${name}.${key}`, value, table)] as const,
  );
  return {
    name,
    op,
    inputs,
    outputs,
    ...(entries.length > 0 && { attributes: Object.fromEntries(written) }),
  };
}

function attributeJson(name: string, value: Attribute, table: TensorTable): unknown {
  if (value instanceof Tensor) return { tensor: table.add(name, value) };
  if (isGraph(value)) return { graph: graphJson(value, table) };
  return Array.isArray(value) ? value.map(scalarJson) : scalarJson(value as number | string);
}

/** Numbers that JSON cannot write are written as words. */
function scalarJson(value: number | string): unknown {
  if (typeof value === "string" || (Number.isFinite(value) && !Object.is(value, -0))) return value;
  return { number: Object.is(value, -0) ? "-0" : String(value) };
}
