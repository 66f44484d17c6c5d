// What the quantizer works on: a graph, what becomes of its layers, and which values are put on grids; and whether that
// can be done without clips.

import { OctavoxError } from "../errors.ts";
import type { Graph, Model } from "../model/graph.ts";
import { inferShapes } from "../model/infer.ts";
import { type ActivationUse, activationUses, gridSource } from "./activations.ts";
import { findLayers, type Unsupported } from "./layers.ts";
import { type LayerPlan, type PlanOptions, planLayers } from "./plan.ts";
import type { Scheme } from "./schemes.ts";
import { needsInputs, type WeightMethod } from "./weights.ts";

export interface Work {
  /** With this graph alone. */
  model: Model;
  graph: Graph;
  plans: readonly LayerPlan[];
  kept: readonly Unsupported[];
  uses: readonly ActivationUse[];
  /** The value whose grid a value shares. */
  source: (value: string) => string;
}

/** @throws OctavoxError what `planLayers` throws */
export function workOn(model: Model, graph: Graph, scheme: Scheme, options: PlanOptions): Work {
  const own = { ...model, graphs: [graph] };
  const { plans, kept } = planLayers(findLayers(graph, inferShapes(graph, own)), scheme, options);
  return { model: own, graph, plans, kept, uses: usesOf(own, plans), source: gridSource(graph) };
}

/** The same with other plans. */
export function replanned(work: Work, plans: readonly LayerPlan[]): Work {
  return { ...work, plans, uses: usesOf(work.model, plans) };
}

export function usesOf(model: Model, plans: readonly LayerPlan[]): ActivationUse[] {
  const [graph] = model.graphs;
  return activationUses(graph, inferShapes(graph, model), plans);
}

/** @throws OctavoxError `argument` where something is wanted that only clips can tell, and there are none */
export function checkClips(
  { uses }: Work,
  scheme: Scheme,
  method: { name: string; steps: WeightMethod },
  { calibration, budget }: { calibration?: unknown; budget?: number | undefined },
): void {
  if (calibration) return;
  const needs =
    budget !== undefined
      ? "a budget"
      : uses.some(({ format }) => format.range === "calibrated")
        ? `the scheme "${scheme.name}"`
        : needsInputs(method.steps)
          ? `the method "${method.name}"`
          : undefined;
  if (needs !== undefined)
    throw new OctavoxError("argument", needs, {
      expected: "calibration clips",
      found: "none",
      remedy: "Name a folder of audio with --calibrate, or choose a scheme that needs none: w8, w8a8-dynamic",
    });
}
