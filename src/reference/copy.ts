// Moving data without changing it: transposing, slicing and expanding are all a walk with strides.

import type { TypedArray } from "../tensor/dtype.ts";

/**
 * y[i][j]… (dense) = x[offset + i·strides[0] + j·strides[1] + …]. Strides are in elements and may be 0
 * (expand) or negative (reverse). `y` has as many elements as the product of `dims`.
 */
export function copyStrided<T extends TypedArray>(
  x: T,
  offset: number,
  dims: readonly number[],
  strides: readonly number[],
  y: T,
): void {
  let at = 0;
  const walk = (axis: number, from: number): void => {
    if (axis === dims.length) y[at++] = x[from];
    else for (let i = 0; i < dims[axis]; i++) walk(axis + 1, from + i * strides[axis]);
  };
  walk(0, offset);
}
