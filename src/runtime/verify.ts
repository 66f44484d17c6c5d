// The check at load: a kernel that this host's engine compiles wrongly must not be used, and only running it tells.
// Each trial runs kernels once on small numbers, with corrections and accumulators that are not zero, and compares
// with the reference bit for bit.

import type { KernelFunctions } from "../kernels/functions.ts";
import { Bench, type Trials } from "./trials/bench.ts";

/** The name of the first kernel whose result differs from the reference's, or undefined when all agree. */
export function firstDifference(
  kernels: KernelFunctions,
  memory: WebAssembly.Memory,
  trials: Trials,
): string | undefined {
  for (const [name, trial] of trials) {
    const { got, want } = trial(kernels, new Bench(memory));
    if (!got.every((value: number | bigint, index: number) => Object.is(value, want[index]))) return name;
  }
  return undefined;
}
