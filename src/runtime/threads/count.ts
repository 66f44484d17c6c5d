// How many threads a session may have. The threads themselves (`pool.ts`) are loaded only where it is more than one.

import { OctavoxError } from "../../errors.ts";
import type { KernelFunctions } from "../../kernels/functions.ts";
import type { ThreadPool } from "./pool.ts";

const MOST_THREADS = 64;

/**
 * The number asked for; 1 where memory cannot be shared: pages that are not isolated from other origins.
 * @throws OctavoxError `argument` for anything but a whole number of threads from 1 to 64
 */
export function checkThreads(threads: number): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)
    return canShareMemory() ? threads : 1;
  throw new OctavoxError("argument", "threads", {
    expected: `a whole number from 1 to ${MOST_THREADS}`,
    found: String(threads),
  });
}

function canShareMemory(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer !== "undefined" && crossOriginIsolated !== false;
}

/** Undefined where a session has its own thread alone. */
export async function startPool(
  threads: number,
  chosen: { functions: KernelFunctions | undefined; module: WebAssembly.Module | undefined },
  { memory }: { memory: WebAssembly.Memory },
): Promise<ThreadPool | undefined> {
  const { functions: kernels, module } = chosen;
  if (threads === 1 || !kernels || !module) return undefined;
  const { ThreadPool } = await import("./pool.ts");
  return new ThreadPool({ threads, module, memory, kernels });
}
