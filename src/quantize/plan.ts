// Which layer gets which formats: the scheme's rules, what the caller wants kept in float, and everything that can be
// wrong with a model before any work is done.

import { OctavoxError } from "../errors.ts";
import type { Attributes } from "../model/graph.ts";
import type { Layer, Unsupported } from "./layers.ts";
import { groupsOf } from "./matrix.ts";
import { checkPatterns, matches } from "./patterns.ts";
import type { LayerScheme, Scheme, SchemeRule, WeightFormat } from "./schemes.ts";

export interface LayerPlan {
  layer: Layer;
  scheme: LayerScheme;
  /** Those of the layer's matrices that keep more bits than its scheme says. */
  spared?: ReadonlyMap<number, WeightFormat> | undefined;
}

/** The format of one of a layer's matrices; undefined where it stays in float. */
export function formatOf({ scheme, spared }: LayerPlan, at: number): WeightFormat | undefined {
  const more = spared?.get(at);
  return more && scheme.weights && more.bits > scheme.weights.bits ? more : scheme.weights;
}

export interface PlanOptions {
  /** Patterns of layers that stay in float. */
  keep?: readonly string[] | undefined;
  /** Further rules, after the scheme's own; each must match a layer. */
  rules?: readonly SchemeRule[] | undefined;
  /** Leaves in float what the scheme cannot do, which is an error otherwise. */
  keepUnsupported?: boolean | undefined;
}

/**
 * Formats of every layer, float ones included.
 * @throws OctavoxError `unsupported` for a layer that the scheme cannot do, or a model without layers; `argument` for
 *   patterns that match nothing and weights that are no numbers
 */
export function planLayers(
  { layers, unsupported }: { layers: readonly Layer[]; unsupported: readonly Unsupported[] },
  scheme: Scheme,
  { keep = [], rules = [], keepUnsupported = false }: PlanOptions = {},
): { plans: LayerPlan[]; kept: Unsupported[] } {
  const named = [...layers, ...unsupported.map((each) => ({ ...each, roles: new Set<never>() }))];
  if (layers.length === 0 && unsupported.length === 0)
    throw new OctavoxError("unsupported", "nothing to quantize", {
      expected: "layers with float weights (Conv, Gemm, MatMul, LSTM, GRU)",
      found: "none",
      remedy: "Where matrices are integers already, they can go to 4 bits: `octavox quantize --scheme w4`",
    });
  checkPatterns([...keep, ...rules.map((rule) => rule.layers)], named);
  const isKept = (layer: (typeof named)[number]): boolean => keep.some((pattern) => matches(pattern, layer));
  const kept = unsupported.filter((each) => !isKept({ ...each, roles: new Set<never>() }));
  const plans = layers.map((layer) => {
    checkWeights(layer);
    const chosen = isKept(layer) ? {} : schemeOf(layer, scheme, rules);
    const why = misfit(layer, chosen);
    if (why === undefined) return { layer, scheme: chosen };
    kept.push({ name: layer.name, op: layer.op, why });
    return { layer, scheme: {} };
  });
  if (kept.length > 0 && !keepUnsupported) throw lacking(kept, scheme);
  if (plans.every(({ scheme: { weights } }) => weights === undefined))
    throw new OctavoxError("unsupported", "nothing to quantize", {
      expected: "a layer that is not kept in float",
      found: `${plans.length + unsupported.length} that all are`,
    });
  return { plans, kept };
}

function schemeOf(layer: Layer, scheme: Scheme, rules: readonly SchemeRule[]): LayerScheme {
  const all = [...(scheme.rules ?? []), ...rules].filter((rule) => matches(rule.layers, layer));
  const { weights, activations, states, cell } = all.at(-1)?.scheme ?? scheme;
  return { weights, activations, states, cell };
}

/** What a recurrent layer is told of its states: attributes of its node (docs/operators.md). */
export function stateAttributes({ layer, scheme }: LayerPlan): Attributes {
  const { weights, activations, states = activations, cell } = scheme;
  if (!weights || !states || (layer.op !== "LSTM" && layer.op !== "GRU")) return {};
  // No operator multiplies 16 bits with zero points; and 16 bits of h are as good as a float.
  if (states.bits > 8 && !weights.symmetric) return {};
  return {
    state_bits: states.bits > 8 ? 16 : states.bits,
    ...(cell && layer.op === "LSTM" ? { cell_bits: cell.bits } : {}),
  };
}

/** Why an operator cannot have these formats; undefined when it can. */
function misfit(layer: Layer, { weights, activations }: LayerScheme): string | undefined {
  if (!weights) return activations && "activations of few bits with weights in float";
  try {
    for (const { shape } of layer.weights) groupsOf(shape, weights.granularity, layer.name);
    return undefined;
  } catch (error) {
    if (error instanceof OctavoxError) return error.message;
    throw error;
  }
}

function lacking(kept: readonly Unsupported[], scheme: Scheme): OctavoxError {
  const [{ name, op, why }] = kept;
  const others = kept.length === 1 ? "" : `, and ${kept.length - 1} more layers`;
  return new OctavoxError("unsupported", `the scheme "${scheme.name}" for ${op} "${name}"${others}`, {
    found: why,
    remedy: "Keep them in float (--keep-unsupported, or --keep with a pattern), or choose another scheme",
  });
}

function checkWeights({ name, op, weights }: Layer): void {
  for (const { tensor, constant } of weights) {
    const at = (tensor.data as Float32Array).findIndex((value) => !Number.isFinite(value));
    if (at >= 0)
      throw new OctavoxError("argument", `weights "${constant}" of ${op} "${name}"`, {
        expected: "finite numbers",
        found: `${tensor.data[at]} at ${at}`,
      });
  }
}
