// Where a node is looked at, whatever goes wrong is that node's error: a file may give an operator anything as its
// inputs and attributes, and no rule could check all of it beforehand.

import { OctavoxError } from "../errors.ts";
import type { Node } from "./graph.ts";

/** @throws OctavoxError `format` naming the node, where `look` throws something else */
export function forNode<T>({ name, op }: Node, look: () => T): T {
  try {
    return look();
  } catch (cause) {
    if (cause instanceof OctavoxError || !(cause instanceof TypeError || cause instanceof RangeError))
      throw cause;
    throw new OctavoxError("format", `node "${name}" (${op})`, {
      expected: "inputs and attributes that the operator takes",
      found: `others (${cause.message})`,
      cause,
    });
  }
}
