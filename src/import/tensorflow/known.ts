// Values that are known before the graph runs. Sizes, axes and orders of axes are computed by small nodes in TensorFlow's
// graphs, and are attributes in ONNX's: this folds what they are computed with, and nothing larger.

import type { Tensor } from "../../tensor/tensor.ts";
import { attribute } from "./attributes.ts";
import { producersOf, type TfNode } from "./nodes.ts";

/** A list of sizes is no longer than this. */
const MOST_ELEMENTS = 4096;

export interface Known {
  /** A constant of the file. */
  constant(value: string): Tensor | undefined;
  /** Elements of a small constant of any rank, or of one computed from such. */
  numbers(value: string): readonly number[] | undefined;
  /** The only element. */
  scalar(value: string): number | undefined;
  /** The node a value comes from; of what enters a loop, the node outside. */
  source(value: string): TfNode | undefined;
}

/** How an operator of at least so many inputs is computed from their elements; undefined where it cannot be. */
interface Fold {
  inputs: number;
  compute: (inputs: readonly (readonly number[])[], node: TfNode) => readonly number[] | undefined;
}

const elementwise = (f: (a: number, b: number) => number): Fold => ({
  inputs: 2,
  compute: ([a, b]) =>
    a.length === b.length || a.length === 1 || b.length === 1
      ? Array.from({ length: Math.max(a.length, b.length) }, (_, i) => f(a[i % a.length], b[i % b.length]))
      : undefined,
});

const same: Fold = { inputs: 1, compute: ([list]) => list };

const folds: Readonly<Record<string, Fold>> = {
  Add: elementwise((a, b) => a + b),
  AddV2: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Maximum: elementwise((a, b) => Math.max(a, b)),
  Minimum: elementwise((a, b) => Math.min(a, b)),
  Cast: same,
  ExpandDims: same,
  Reshape: same,
  Squeeze: same,
  Pack: { inputs: 1, compute: (lists) => lists.flat() },
  ConcatV2: { inputs: 2, compute: (lists) => lists.slice(0, -1).flat() },
  Range: {
    inputs: 3,
    compute([[start], [limit], [step]]) {
      const count = Math.ceil((limit - start) / step);
      return count >= 0 && count <= MOST_ELEMENTS
        ? Array.from({ length: count }, (_, i) => start + i * step)
        : undefined;
    },
  },
  StridedSlice: {
    inputs: 4,
    compute([list, begin, end, step], node) {
      if ([begin, end, step].some(({ length }) => length !== 1) || step[0] !== 1) return undefined;
      const [open, toEnd] = ["begin_mask", "end_mask"].map((name) => attribute.int(node, name, 0));
      return list.slice(open === 1 ? 0 : begin[0], toEnd === 1 ? undefined : end[0]);
    },
  },
};

/** Of small computations that feed one another. */
const DEEPEST = 64;

/** @param tensors constants of the file by the names of their nodes */
export function knownValues(nodes: readonly TfNode[], tensors: ReadonlyMap<string, Tensor>): Known {
  const producer = producersOf(nodes);
  const source = (value: string): TfNode | undefined => {
    const node = producer.get(value);
    return node?.op === "Enter" ? producer.get(node.inputs[0] ?? "") : node;
  };
  const constant = (value: string): Tensor | undefined => tensors.get(source(value)?.name ?? "");
  const values = new Map<string, readonly number[] | undefined>();
  const find = (value: string, depth: number): readonly number[] | undefined => {
    if (values.has(value) || depth > DEEPEST) return values.get(value);
    const tensor = constant(value);
    const node = source(value);
    const found = tensor
      ? tensor.size <= MOST_ELEMENTS
        ? tensor.numbers()
        : undefined
      : node && fold(node, depth);
    values.set(value, found);
    return found;
  };
  const fold = (node: TfNode, depth: number): readonly number[] | undefined => {
    const rule = Object.hasOwn(folds, node.op) ? folds[node.op] : undefined;
    if (!rule || node.inputs.length < rule.inputs) return undefined;
    const inputs: (readonly number[])[] = [];
    for (const input of node.inputs) {
      const list = find(input, depth + 1);
      if (!list || list.length === 0) return undefined;
      inputs.push(list);
    }
    const made = rule.compute(inputs, node);
    return made && made.length <= MOST_ELEMENTS ? made : undefined;
  };
  const numbers = (value: string) => find(value, 0);
  return {
    ...{ constant, numbers, source },
    scalar(value) {
      const list = numbers(value);
      return list?.length === 1 ? list[0] : undefined;
    },
  };
}
