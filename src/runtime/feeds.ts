// What a caller feeds a graph, checked before anything runs.

import { OctavoxError } from "../errors.ts";
import type { ValueInfo } from "../model/graph.ts";
import { sizeOf, type Tensor } from "../tensor/tensor.ts";

/** @throws OctavoxError `argument` unless there is a tensor of the right type for every input, and no other */
export function checkFeeds(
  inputs: readonly ValueInfo[],
  feeds: Readonly<Record<string, Tensor | undefined>>,
): void {
  for (const { name, dtype } of inputs) {
    const found = feeds[name];
    if (found?.dtype !== dtype || found.data.length !== sizeOf(found.dims))
      throw new OctavoxError("argument", `input "${name}"`, {
        expected: `a ${dtype} tensor`,
        found: found ? `a ${found.dtype} tensor of ${found.data?.length} elements` : "nothing",
      });
  }
  const given = Object.keys(feeds);
  if (given.length === inputs.length) return;
  const unknown = given.find((name) => !inputs.some((input) => input.name === name));
  if (unknown !== undefined)
    throw new OctavoxError("argument", `no input "${unknown}"`, {
      expected: inputs.map((input) => input.name).join(", "),
    });
}
