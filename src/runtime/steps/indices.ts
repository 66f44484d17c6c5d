// Indices of look-ups, read when a step runs.

import { OctavoxError } from "../../errors.ts";
import type { Node } from "../../model/graph.ts";
import type { Operand } from "../operand.ts";
import type { Views } from "../step.ts";

/** Reads element i of an int64 operand as an index below `size`; negative ones count from the end. */
export function indexReader(node: Node, { pointer }: Operand, size: number) {
  return ({ i32 }: Views, i: number): number => {
    // Both halves of a 64-bit integer.
    const at = (pointer >> 2) + 2 * i;
    const index = i32[at + 1] * 2 ** 32 + (i32[at] >>> 0);
    if (index < -size || index >= size)
      throw new OctavoxError("shape", `${node.op} "${node.name}"`, {
        expected: `an index from ${-size} to ${size - 1}`,
        found: `${index}`,
      });
    return index < 0 ? index + size : index;
  };
}
