// What a shape rule sees of the node it is asked about: the facts of its inputs and its attributes. A rule
// turns them into the facts of the outputs; the rules are the tables of this folder, by operator name.

import { OctavoxError } from "../../errors.ts";
import { type DType, dtypes } from "../../tensor/dtype.ts";
import { ceilDiv, type Dim, equal, format, isConstant, max, product } from "../dim.ts";
import type { Graph, Node } from "../graph.ts";
import { onnxTypes } from "../onnx-types.ts";

/** What is known of a value before the model runs. */
export interface Fact {
  dtype: DType;
  /** Undefined when not even the rank is known. */
  dims: readonly Dim[] | undefined;
  /** Elements of an int64, int32 or bool (0, 1) tensor of at most `longestValue` elements, where known. */
  value?: readonly Dim[];
}

/** Longest tensor whose elements are followed. */
export const longestValue = 64;

/** Undefined for an output of which nothing is known. */
export type Facts = readonly (Fact | undefined)[];
export type Rule = (site: Site) => Facts;
export type Rules = Readonly<Record<string, Rule>>;

/** What the nodes of a graph share. */
export interface Surroundings {
  /** ONNX operator set version. */
  opset: number;
  inferSubgraph: (graph: Graph) => Facts;
  /** Texts of the expressions that are sizes of values so far. */
  sizes: ReadonlySet<string>;
}

export class Site {
  readonly node: Node;
  readonly opset: number;
  readonly inputs: Facts;
  private readonly surroundings: Surroundings;

  constructor(node: Node, inputs: Facts, surroundings: Surroundings) {
    this.node = node;
    this.inputs = inputs;
    this.surroundings = surroundings;
    this.opset = surroundings.opset;
  }

  /** Facts of a subgraph's outputs. */
  inferSubgraph(graph: Graph): Facts {
    return this.surroundings.inferSubgraph(graph);
  }

  /** `max(dim, 0)`: what a slice or a range leaves. A size that some value already has is not negative. */
  clampSize(dim: Dim): Dim {
    return this.surroundings.sizes.has(String(dim)) ? dim : max(dim, 0);
  }

  dims(input: number): readonly Dim[] | undefined {
    return this.inputs[input]?.dims;
  }

  value(input: number): readonly Dim[] | undefined {
    return this.inputs[input]?.value;
  }

  /** The elements of an input when all of them are numbers. */
  constants(input: number): readonly number[] | undefined {
    const value = this.value(input);
    return value?.every(isConstant) ? value : undefined;
  }

  /** Whether the node was given this input (an optional one may be "" or not there). */
  has(input: number): boolean {
    return (this.node.inputs[input] ?? "") !== "";
  }

  number(name: string, otherwise: number): number {
    const value = this.node.attributes[name];
    return typeof value === "number" ? value : otherwise;
  }

  numbers(name: string): readonly number[] | undefined {
    const value = this.node.attributes[name];
    return Array.isArray(value) ? (value as readonly number[]) : undefined;
  }

  text(name: string, otherwise: string): string {
    const value = this.node.attributes[name];
    return typeof value === "string" ? value : otherwise;
  }

  /** An element type, by octavox's name or ONNX's number. */
  type(name: string, otherwise: DType): DType | undefined {
    const value = this.node.attributes[name];
    if (value === undefined) return otherwise;
    if (typeof value === "string") return Object.hasOwn(dtypes, value) ? (value as DType) : undefined;
    return typeof value === "number" ? onnxTypes[value] : undefined;
  }

  /** One output with the element type of an input, or nothing when that is not known. */
  like(input: number, dims: readonly Dim[] | undefined, value?: readonly Dim[]): Facts {
    const source = this.inputs[input];
    return source ? [fact(source.dtype, dims, value)] : [undefined];
  }

  /** Axes from an attribute (old operator sets) or an input; undefined when given but not known. */
  axes(input: number): readonly number[] | "none" | undefined {
    return this.numbers("axes") ?? (this.has(input) ? this.constants(input) : "none");
  }

  /** An axis counted from the front. */
  axis(axis: number, rank: number): number {
    const counted = axis < 0 ? axis + rank : axis;
    if (!(counted >= 0 && counted < rank)) this.fail(`an axis of a value of rank ${rank}`, `axis ${axis}`);
    return counted;
  }

  /** The size two dimensions have in common. Where it cannot be decided, the one that is a number, or the first. */
  same(a: Dim, b: Dim, what: string): Dim {
    if (isConstant(a) && isConstant(b) && a !== b) this.fail(`equal ${what}`, `${a} and ${b}`);
    return isConstant(b) ? b : a;
  }

  /** The dims of the input after a check of their number. */
  ranked(input: number, rank: number): readonly Dim[] | undefined {
    const dims = this.dims(input);
    if (dims && dims.length !== rank)
      this.fail(`rank ${rank} for input ${input}`, `[${dims.map(format).join(", ")}]`);
    return dims;
  }

  fail(expected: string, found: string): never {
    const shapes = this.inputs.map((input) => (input?.dims ? `[${input.dims.map(format).join(", ")}]` : "?"));
    throw new OctavoxError(
      "shape",
      `node "${this.node.name}" (${this.node.op}) with inputs ${shapes.join(", ")}`,
      {
        expected,
        found,
      },
    );
  }
}

/** A fact; a value that is too long, or does not fit the dims, is left out. */
export function fact(dtype: DType, dims: readonly Dim[] | undefined, value?: readonly Dim[]): Fact {
  const followed = dtype === "int64" || dtype === "int32" || dtype === "bool";
  if (!followed || !dims || !value || value.length > longestValue || product(dims) !== value.length)
    return { dtype, dims };
  return { dtype, dims, value };
}

/** Undefined as soon as one of the dims is not known. */
export type Shape = readonly Dim[] | undefined;

/** ONNX's (numpy's) broadcasting. Of two sizes that cannot be compared the greater is the result. */
export function broadcast(site: Site, shapes: readonly Shape[]): Shape {
  let joined: readonly Dim[] = [];
  for (const shape of shapes) {
    if (!shape) return undefined;
    const [long, short] = shape.length > joined.length ? [shape, joined] : [joined, shape];
    const offset = long.length - short.length;
    joined = long.map((dim, i) => (i < offset ? dim : broadcastDim(site, dim, short[i - offset])));
  }
  return joined;
}

function broadcastDim(site: Site, a: Dim, b: Dim): Dim {
  if (equal(a, b) || b === 1) return a;
  if (a === 1) return b;
  if (isConstant(a) && isConstant(b)) site.fail("sizes that are equal or 1", `${a} and ${b}`);
  return isConstant(a) ? a : isConstant(b) ? b : max(a, b);
}

/** ⌈distance / step⌉: how many steps fit a slice or a range. */
export function ceilSteps(distance: Dim, step: number): Dim {
  return step === 1 ? distance : ceilDiv(distance, step);
}
