// Looking at values as formulas: a sum is a list of terms and a product a list of factors, however they are nested and
// whatever the order. What recognises cells (`cells.ts`) looks through these.

import type { Tensor } from "../../tensor/tensor.ts";
import { attribute } from "./attributes.ts";
import type { Known } from "./known.ts";
import type { TfNode } from "./nodes.ts";

const sums = new Set(["Add", "AddV2", "BiasAdd"]);
const products = new Set(["Mul"]);

/** No formula of a cell has more; a value added to itself again and again would have any number. */
const MOST_PARTS = 16;

/** (x · h)·kernel + bias, where x and h lie side by side. */
export interface Linear {
  inputs: readonly [string, string];
  /** [rows of x + rows of h, columns] */
  kernel: Tensor;
  /** Name of the kernel's node. */
  name: string;
  /** [columns] */
  bias: readonly number[];
}

export class Expressions {
  private readonly known: Known;

  constructor(known: Known) {
    this.known = known;
  }

  /** The node that computes a value, if it is of that operator. */
  of(value: string, op: string): TfNode | undefined {
    const node = this.known.source(value);
    return node?.op === op ? node : undefined;
  }

  constant(value: string): Tensor | undefined {
    return this.known.constant(value);
  }

  scalar(value: string): number | undefined {
    return this.known.scalar(value);
  }

  /** What a value is the sum of; itself where it is none. */
  terms(value: string): string[] {
    return this.flatten(value, sums);
  }

  /** What a value is the product of, element by element. */
  factors(value: string): string[] {
    return this.flatten(value, products);
  }

  private flatten(value: string, ops: ReadonlySet<string>): string[] {
    const parts: string[] = [];
    const waiting = [value];
    for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
      const node = this.known.source(part);
      if (node && ops.has(node.op) && node.inputs.length === 2) waiting.push(...node.inputs);
      else parts.push(part);
      if (parts.length + waiting.length > MOST_PARTS) return [];
    }
    return parts.reverse();
  }

  /** Of two parts the one that is not `value`; undefined where there are not two, or `value` is none of them. */
  other(parts: readonly string[], value: string): string | undefined {
    if (parts.length !== 2 || !parts.includes(value)) return undefined;
    return parts[0] === value ? parts[1] : parts[0];
  }

  /** Which part of a Split a value is, and of what along the last of two axes. */
  part(value: string): { whole: string; place: number; parts: number } | undefined {
    const split = this.of(value, "Split");
    const axis = split && this.scalar(split.inputs[0] ?? "");
    if (split?.inputs.length !== 2 || (axis !== 1 && axis !== -1)) return undefined;
    const parts = attribute.int(split, "num_split", 0);
    return { whole: split.inputs[1], place: split.outputs.indexOf(value), parts };
  }

  /** MatMul(ConcatV2(x, h), kernel) and constants added to it. */
  linear(value: string): Linear | undefined {
    const terms = this.terms(value);
    const [product, second] = terms.filter((term) => this.of(term, "MatMul"));
    if (product === undefined || second !== undefined) return undefined;
    const node = this.of(product, "MatMul")!;
    const kernel = this.constant(node.inputs[1] ?? "");
    const side = this.of(node.inputs[0] ?? "", "ConcatV2");
    const turned = ["transpose_a", "transpose_b"].some((name) => attribute.flag(node, name));
    if (kernel?.dtype !== "float32" || kernel.dims.length !== 2 || turned) return undefined;
    if (side?.inputs.length !== 3 || ![1, -1].includes(this.scalar(side.inputs[2]) ?? 0)) return undefined;
    const columns = kernel.dims[1];
    const bias = this.vector(
      terms.filter((term) => term !== product),
      columns,
    );
    const [x, h] = side.inputs;
    const name = this.known.source(node.inputs[1])!.name;
    return bias && { inputs: [x, h], kernel, name, bias };
  }

  /** The sum of constants that are numbers or vectors of so many; zeros for none. */
  vector(values: readonly string[], length: number): number[] | undefined {
    const sum = new Array<number>(length).fill(0);
    for (const value of values) {
      const tensor = this.constant(value);
      if (tensor?.dtype !== "float32" || (tensor.size !== 1 && tensor.size !== length)) return undefined;
      const list = tensor.data as Float32Array;
      for (let i = 0; i < length; i++) sum[i] += list[i % list.length];
    }
    return sum;
  }
}
