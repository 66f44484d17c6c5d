// From a host to its kernels: probes what the host can do, chooses, emits one module with the kernels that are wanted
// on the engine's memory, compiles it. Whether the kernels compute what the reference does is checked by the
// run-time, which falls back by asking for another set.

import { OctavoxError } from "../errors.ts";
import { detectFeatures, type HostFeatures, ModuleBuilder } from "../wasm/index.ts";
import type { DotName } from "./dot_u8s8.ts";
import type { KernelFunctions } from "./functions.ts";
import type { MatmulU8S8Options } from "./matmul_u8s8.ts";

type Tile = MatmulU8S8Options["tile"];

/** Adds a family of kernels to a module (`families/`). */
export type KernelFamily = (module: ModuleBuilder, how: MatmulU8S8Options) => void;

export type KernelSetName = "simd" | "relaxed" | "wide";

export interface KernelSet {
  readonly name: KernelSetName;
  readonly functions: KernelFunctions;
  /** Where they come from: threads make them anew on the same memory. */
  readonly module: WebAssembly.Module;
  /** The same kernels on another memory, shared or not as the first one. */
  on(memory: WebAssembly.Memory): Promise<KernelFunctions>;
}

interface Choice {
  /** How 8-bit integers are multiplied on this host; undefined: the set cannot run here. */
  dot(features: HostFeatures): DotName | undefined;
  /** Rows and columns of a matrix product that are computed at once. */
  readonly tile: Tile;
}

/** The relaxed dot, where it is exact for 8-bit data. */
function exactRelaxedDot({ relaxedDot }: HostFeatures): DotName | undefined {
  return relaxedDot === "u8s8" || relaxedDot === "s8s8" ? relaxedDot : undefined;
}

/**
 * Sixteen registers hold the sums of a tile, its weights and one value of A; fused ones ("wide") hold twice
 * as much. The plain dot needs twice the sums: some go to memory, which costs less than smaller tiles do.
 */
const choices: Record<KernelSetName, Choice> = {
  simd: { dot: () => "plain", tile: { rows: 4, columns: 8 } },
  relaxed: { dot: exactRelaxedDot, tile: { rows: 6, columns: 8 } },
  wide: { dot: exactRelaxedDot, tile: { rows: 6, columns: 16 } },
};

/** Tried in this order where nothing is forced: "wide" depends on an experimental flag of the host. */
const automatic: readonly KernelSetName[] = ["relaxed", "simd"];

export interface LoadOptions {
  /** The memory that all pointers refer to. */
  memory: WebAssembly.Memory;
  /** What the module is made of. */
  families: readonly KernelFamily[];
  force?: KernelSetName | undefined;
  /** Makes the host fuse neighbouring vectors; called before "wide" is compiled, which it is needed for. */
  enableWide?: (() => void) | undefined;
}

/**
 * The best kernels for this host, or those of `force`.
 * @throws OctavoxError `host` when the host cannot run them
 */
export async function loadKernels({ memory, families, force, enableWide }: LoadOptions): Promise<KernelSet> {
  const features = detectFeatures();
  if (!features.simd)
    throw new OctavoxError("host", "no kernels for this host", {
      expected: "WebAssembly with fixed-width SIMD",
      remedy: "Use Chrome 91, Firefox 89, Safari 16.4, Node 16.4 or later",
    });
  const name = force ?? automatic.find((candidate) => choices[candidate].dot(features))!;
  const dot = choices[name].dot(features);
  if (!dot || (name === "wide" && !enableWide))
    throw new OctavoxError("host", `the kernels "${name}" cannot run here`, {
      expected: dot ? "a host that enables wide vectors" : "an exact relaxed 8-bit dot product",
      found: dot ? "no such option" : features.relaxedDot,
      remedy: `Leave the choice to octavox, or take "simd"`,
    });
  if (name === "wide") enableWide?.();
  const how = { dot, tile: choices[name].tile };
  const module = await WebAssembly.compile(emitKernels(families, how, isShared(memory)));
  const on = async (memory: WebAssembly.Memory) =>
    (await WebAssembly.instantiate(module, { env: { memory } })).exports as unknown as KernelFunctions;
  return { name, functions: await on(memory), module, on };
}

/** One module with all of these kernels, which imports its memory as env.memory. */
export function emitKernels(
  families: readonly KernelFamily[],
  how: MatmulU8S8Options,
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  // Fits a memory of any size; a shared one needs a maximum, the largest there is.
  module.importMemory("env", "memory", shared ? { min: 0, max: 65536, shared } : { min: 0 });
  for (const add of families) add(module, how);
  return module.toBytes();
}

export function isShared(memory: WebAssembly.Memory): boolean {
  return typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
}
