// The model in memory: what importers produce, passes rewrite, the packed file stores and the run-time plans.

import type { DType } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** A size known when the model is made, or the name of one that is known only when it runs ("batch"). */
export type DeclaredDim = number | string;

/** A graph's input or output. `dims` is undefined where the file does not even say the rank. */
export interface ValueInfo {
  name: string;
  dtype: DType;
  dims: readonly DeclaredDim[] | undefined;
}

export type Attribute = number | string | readonly number[] | readonly string[] | Tensor | Graph;
export type Attributes = Readonly<Record<string, Attribute>>;

/** One operation. Inputs and outputs are names of values; "" is an optional one left out. */
export interface Node {
  /** Unique in its graph; made up by the importer where the file gives none. Errors and reports use it. */
  name: string;
  /** Operator, in ONNX's names ("MatMul"); octavox's own are listed in `operators.ts`. */
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Attributes;
}

/**
 * Nodes in an order in which every value is computed before it is used. A subgraph (a branch of `If`)
 * sees the values of the graph around it by name.
 */
export interface Graph {
  name: string;
  inputs: readonly ValueInfo[];
  outputs: readonly ValueInfo[];
  nodes: readonly Node[];
  /** Weights and other constants, by value name. */
  constants: ReadonlyMap<string, Tensor>;
  /** How the constants lie that are not row-major. */
  layouts?: ReadonlyMap<string, Layout>;
}

/**
 * A K×N matrix of int8 or int4 stored as the kernels read it. Its tensor holds the stored bytes, [bytes], as int8,
 * or as uint8 where two weights share one; `dims` are the matrix's own, [K, N]. The order of the bytes is in docs/format.md.
 */
export interface Layout {
  layout: "panels";
  dims: readonly [k: number, n: number];
}

/**
 * A value that stays in the engine between runs: recurrent state, key-value caches.
 * A run reads it as graph input `input` and leaves its new value as graph output `output`.
 */
export interface State {
  /** Name shared by every graph of the model that uses this state. */
  name: string;
  input: string;
  output: string;
}

/** One or more graphs that work together (an encoder and a decoder), and what the program around them needs. */
export interface Model {
  graphs: readonly Graph[];
  /** Values kept between runs, whichever graph runs. */
  states?: readonly State[];
  /** ONNX operator set version the nodes follow. */
  opset: number;
  /** Free-form data for the program that uses the model: decoding settings, vocabulary, origin. JSON values. */
  metadata: Readonly<Record<string, unknown>>;
}

/** Whether an attribute is a subgraph (a branch of `If`, the body of a loop). */
export function isGraph(attribute: unknown): attribute is Graph {
  return typeof attribute === "object" && attribute !== null && "nodes" in attribute;
}

/** Values a node reads, including those that its subgraphs take from the graph around them. */
export function valuesUsedBy(node: Node): string[] {
  const used = node.inputs.filter((input) => input !== "");
  for (const attribute of Object.values(node.attributes))
    if (isGraph(attribute)) {
      used.push(...attribute.outputs.map((output) => output.name));
      for (const inner of attribute.nodes) used.push(...valuesUsedBy(inner));
    }
  return used;
}
