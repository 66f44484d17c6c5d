// Small GraphDefs for tests, built with the format's own schema, and the values that an imported one gives.

import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { Model } from "../../model/graph.ts";
import { runGraph } from "../../reference/run.ts";
import { sizeOf, Tensor } from "../../tensor/tensor.ts";
import { type AttrValueSchema, GraphDefSchema, type TensorProtoSchema } from "./graphdef_pb.ts";
import { importTensorflow } from "./import.ts";

type AttrInit = MessageInitShape<typeof AttrValueSchema>;
type Given = number | string | boolean | readonly number[] | AttrInit;

export interface NodeInit {
  op: string;
  name: string;
  input: string[];
  attr: Record<string, AttrInit>;
}

const FLOAT = 1;
const INT32 = 3;

/** Whole numbers are ints, lists are lists of ints; a float is `real(0.5)`. */
function attributeOf(given: Given): AttrInit {
  if (typeof given === "number") return { value: { case: "i", value: BigInt(given) } };
  if (typeof given === "boolean") return { value: { case: "b", value: given } };
  if (typeof given === "string") return { value: { case: "s", value: new TextEncoder().encode(given) } };
  return Array.isArray(given)
    ? { value: { case: "list", value: { i: given.map(BigInt) } } }
    : (given as AttrInit);
}

export const real = (value: number): AttrInit => ({ value: { case: "f", value } });
export const type = (value: number): AttrInit => ({ value: { case: "type", value } });

/** A node from "Op name: inputs", inputs separated by spaces. */
export function node(text: string, attributes: Readonly<Record<string, Given>> = {}): NodeInit {
  const [head, inputs = ""] = text.split(": ");
  const [op, name] = head.split(" ");
  const attr = Object.entries(attributes).map(([key, value]) => [key, attributeOf(value)]);
  return { op, name, input: inputs.split(" ").filter(Boolean), attr: Object.fromEntries(attr) };
}

const shape = (dims: readonly number[]) => ({ dim: dims.map((size) => ({ size: BigInt(size) })) });

/** An input of floats. */
export function input(name: string, dims: readonly number[]): NodeInit {
  const value = { case: "shape", value: shape(dims) } as const;
  return { op: "Placeholder", name, input: [], attr: { dtype: type(FLOAT), shape: { value } } };
}

/** A constant of floats. */
export function floats(
  name: string,
  values: readonly number[],
  dims: readonly number[] = [values.length],
): NodeInit {
  return constant(name, { dtype: FLOAT, floatVal: [...values], tensorShape: shape(dims) });
}

/** A constant of 32-bit integers. */
export function ints(
  name: string,
  values: readonly number[],
  dims: readonly number[] = [values.length],
): NodeInit {
  return constant(name, { dtype: INT32, intVal: [...values], tensorShape: shape(dims) });
}

function constant(name: string, value: MessageInitShape<typeof TensorProtoSchema>): NodeInit {
  return { op: "Const", name, input: [], attr: { value: { value: { case: "tensor", value } as never } } };
}

export function graphFile(nodes: readonly NodeInit[]): Uint8Array {
  return toBinary(GraphDefSchema, create(GraphDefSchema, { node: [...nodes] }));
}

export const imported = (nodes: readonly NodeInit[]): Model =>
  importTensorflow(graphFile(nodes), { file: "m" });

/** Repeatable numbers in −1…1. */
export function noise(length: number, seed = 1): number[] {
  let state = seed * 7919;
  const next = () => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff) / 0x3fffffff - 1;
  return Array.from({ length }, () => Math.fround(next()));
}

/** What the graph gives for inputs of noise, by the names of its ends. */
export function results(nodes: readonly NodeInit[], feeds: Readonly<Record<string, readonly number[]>>) {
  const { graphs, opset } = imported(nodes);
  const tensors = graphs[0].inputs.map(({ name, dims }) => {
    const sizes = (dims ?? []).map(Number);
    return [
      name,
      new Tensor("float32", Float32Array.from(feeds[name] ?? noise(sizeOf(sizes))), sizes),
    ] as const;
  });
  return runGraph(graphs[0], Object.fromEntries(tensors), opset);
}
