// A front end with the kernels of this host. They are tried once, against the plain code, before they are used; one
// that computes anything else is not.

import { OctavoxError } from "../errors.ts";
import { type FeatureKernels, FrontEnd } from "./front-end.ts";
import { plainEngine } from "./plain.ts";
import type { FeaturePreset, FeatureSpec } from "./preset.ts";
import { resolvePreset } from "./resolve.ts";
import { simdEngine } from "./simd.ts";
import { tablesOf } from "./tables.ts";
import { objectionTo } from "./trial.ts";

export interface LoadFeaturesOptions {
  /** "simd" unless told: kernels where the host runs them correctly. "reference": plain code. */
  kernels?: FeatureKernels | undefined;
}

/**
 * A front end in plain code, at once.
 * @throws OctavoxError `not-found` for an unknown preset, `argument` for a value that cannot be
 */
export function features(spec: FeatureSpec): FrontEnd {
  return plain(resolvePreset(spec));
}

/**
 * A front end with SIMD kernels, which gives the same bits many times faster. Where the host cannot run them
 * the plain code does, and `notice` says why.
 * @throws OctavoxError as `features` does
 */
export async function loadFeatures(
  spec: FeatureSpec,
  { kernels = "simd" }: LoadFeaturesOptions = {},
): Promise<FrontEnd> {
  const preset = resolvePreset(spec);
  if (kernels === "reference") return plain(preset);
  if (kernels !== "simd")
    throw new OctavoxError("argument", "kernels", { expected: "simd, reference", found: String(kernels) });
  trial ??= objectionTo(simdEngine);
  const notice = await trial;
  if (notice !== undefined) return plain(preset, notice);
  return new FrontEnd(preset, await simdEngine(preset, tablesOf(preset)), "simd");
}

function plain(preset: FeaturePreset, notice?: string): FrontEnd {
  return new FrontEnd(preset, plainEngine(preset, tablesOf(preset)), "reference", notice);
}

/** Why the kernels must not be used here; settled once for all front ends. */
let trial: Promise<string | undefined> | undefined;
