// Which kernels a session runs: what was asked for, or the fastest that this host computes correctly.

import { OctavoxError } from "../errors.ts";
import type { KernelFunctions } from "../kernels/functions.ts";
import { isShared, type KernelSet, type LoadOptions, loadKernels } from "../kernels/load.ts";
import type { Family } from "./families.ts";
import { firstDifference } from "./verify.ts";

export const kernelChoices = ["reference", "simd", "relaxed", "wide"] as const;
export type KernelChoice = (typeof kernelChoices)[number];

export interface ChosenKernels {
  name: KernelChoice;
  /** Undefined for the reference. */
  functions: KernelFunctions | undefined;
  module: WebAssembly.Module | undefined;
  notice: string | undefined;
}

/** Slower but surer ones to fall back to, in order. */
const fallbacks: Record<KernelChoice, readonly KernelChoice[]> = {
  wide: ["wide", "relaxed", "simd", "reference"],
  relaxed: ["relaxed", "simd", "reference"],
  simd: ["simd", "reference"],
  reference: ["reference"],
};

export interface KernelOptions {
  /**
   * Which kernels to use; without it what the environment variable OCTAVOX_KERNELS says, without that the fastest
   * that the host runs correctly ("wide" is taken only when asked for).
   */
  kernels?: KernelChoice | undefined;
  /** Turns on the fusing of neighbouring vectors, which "wide" needs. In Node: `enableWide` of `octavox/node`. */
  enableWide?: (() => void) | undefined;
}

/**
 * @param families what the kernels are made of
 * @throws OctavoxError `argument` for a name that does not exist
 */
export async function chooseKernels(
  memory: WebAssembly.Memory,
  families: readonly Family[],
  { kernels: wanted = fromEnvironment(), enableWide }: KernelOptions = {},
): Promise<ChosenKernels> {
  checkChoice(wanted);
  const notices: string[] = [];
  for (const name of fallbacks[wanted ?? "relaxed"]) {
    if (name === "reference")
      return { name, functions: undefined, module: undefined, notice: notices.join("; ") || undefined };
    const set = await tryLoad({ memory, force: name, enableWide }, families, notices);
    if (set) return { ...set, notice: wanted ? notices.join("; ") || undefined : undefined };
  }
  throw new OctavoxError("host", "no kernels could be loaded");
}

/** Trials run on a memory of their own: the session's has its model already. */
const TRIAL_PAGES = 2;

async function tryLoad(
  options: Omit<LoadOptions, "families">,
  families: readonly Family[],
  notices: string[],
): Promise<KernelSet | undefined> {
  const name = options.force;
  try {
    const set = await loadKernels({ ...options, families: families.map(({ kernels }) => kernels) });
    const shared = isShared(options.memory);
    const own = new WebAssembly.Memory(
      shared ? { initial: TRIAL_PAGES, maximum: TRIAL_PAGES, shared } : { initial: TRIAL_PAGES },
    );
    const trials = families.flatMap((family) => family.trials);
    const difference = firstDifference(await set.on(own), own, trials);
    if (difference === undefined) return set;
    notices.push(`${name} kernels differ from the reference on this host (${difference})`);
  } catch (error) {
    if (!isHostsFault(error)) throw error;
    const { details, message } = error as Error & Partial<OctavoxError>;
    const reason = details?.expected ? `they need ${details.expected}` : message;
    notices.push(`${name} kernels cannot run on this host: ${reason}`);
  }
  return undefined;
}

/** @throws OctavoxError `argument` for a name that does not exist */
export function checkChoice(wanted: KernelChoice | undefined = fromEnvironment()): void {
  if (wanted === undefined || kernelChoices.includes(wanted)) return;
  throw new OctavoxError("argument", "kernels", {
    expected: kernelChoices.join(", "),
    found: String(wanted),
  });
}

/** Only what a host lacks is a reason to use slower kernels; anything else is a mistake of ours and must be seen. */
function isHostsFault(error: unknown): boolean {
  return (
    error instanceof WebAssembly.CompileError || (error instanceof OctavoxError && error.code === "host")
  );
}

function fromEnvironment(): KernelChoice | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } };
  return process?.env?.OCTAVOX_KERNELS as KernelChoice | undefined;
}
