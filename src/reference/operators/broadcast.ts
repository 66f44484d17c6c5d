// ONNX's (numpy's) broadcasting: shapes are aligned at the end, and a size of 1 serves every index.

import { sizeOf, stridesOf, type Tensor } from "../../tensor/tensor.ts";
import { type Inputs, misfit, type OperatorContext } from "./operator.ts";

/** The shape several tensors have together. */
export function broadcastDims(inputs: Inputs, context: OperatorContext): number[] {
  const shapes = inputs.filter((input) => input !== undefined).map(({ dims }) => dims);
  const rank = Math.max(0, ...shapes.map((dims) => dims.length));
  return Array.from({ length: rank }, (_, axis) => {
    let joined = 1;
    for (const dims of shapes) {
      const dim = dims[axis - rank + dims.length] ?? 1;
      if (dim !== 1 && joined !== 1 && dim !== joined)
        throw misfit(inputs, context, "sizes that are equal or 1", `${joined} and ${dim}`);
      if (dim !== 1) joined = dim;
    }
    return joined;
  });
}

/** Position in `tensor` for every element of the shape it is broadcast to; undefined when they are the same. */
export function positions(tensor: Tensor, dims: readonly number[]): Int32Array | undefined {
  const size = sizeOf(dims);
  if (tensor.size === size) return undefined;
  const rank = dims.length;
  const own = stridesOf(tensor.dims);
  const steps = dims.map((_, axis) => {
    const at = axis - rank + tensor.dims.length;
    return at < 0 || tensor.dims[at] === 1 ? 0 : own[at];
  });
  return walk(dims, steps);
}

/** Offset Σ index·step for every index of a shape, in row-major order. */
export function walk(dims: readonly number[], steps: readonly number[], start = 0): Int32Array {
  let offsets = Int32Array.of(start);
  dims.forEach((dim, axis) => {
    const next = new Int32Array(offsets.length * dim);
    for (let i = 0; i < offsets.length; i++)
      for (let j = 0; j < dim; j++) next[i * dim + j] = offsets[i] + j * steps[axis];
    offsets = next;
  });
  return offsets;
}
