// Schemes as data: how many bits weights and activations get, on which grids, and which layers differ. Names follow
// a grammar, so that any mix has one: w4a8, w8a16, w8a8-dynamic, w4-block32, article6.

import { OctavoxError } from "../errors.ts";

/** What shares a scale: the whole tensor, an output channel, a recurrent layer's gate, or so many weights along K. */
export type Granularity = "tensor" | "channel" | "gate" | { block: number };

export interface WeightFormat {
  /** 2 … 16. Stored as int4, int8 or int16, whichever is the smallest that holds them. */
  bits: number;
  /** Whether zero is the integer 0. */
  symmetric: boolean;
  granularity: Granularity;
  /** Scales are powers of two. */
  powerOfTwo?: boolean;
}

export interface ActivationFormat {
  /** 2 … 16. Asymmetric ones are stored as uint8 or uint16, symmetric ones as int8 or int16. */
  bits: number;
  symmetric: boolean;
  /** "calibrated": one range for all inputs, found beforehand; "dynamic": each tensor's own, found as it comes. */
  range: "calibrated" | "dynamic";
  powerOfTwo?: boolean;
}

/** A layer's formats; what has none stays in float. */
export interface LayerScheme {
  weights?: WeightFormat | undefined;
  activations?: ActivationFormat | undefined;
  /** Of a recurrent layer's own h where it meets weights, each time over its own range; the activations' unless said. */
  states?: Pick<ActivationFormat, "bits"> | undefined;
  /** Of an LSTM's c from step to step, likewise; in float unless said. */
  cell?: { bits: 16 } | undefined;
}

export interface SchemeRule {
  /** As `patterns.ts` reads it. */
  layers: string;
  scheme: LayerScheme;
}

/** Matrices that may keep more bits: those that suffer most, as long as the weights take so many bits on average. */
export interface SpareRule {
  /** Patterns; of a recurrent first layer it is the matrix that meets the input. */
  layers: readonly string[];
  weights: WeightFormat;
  meanBits: number;
}

export interface Scheme extends LayerScheme {
  name: string;
  /** Layers that differ; of several that match, the last decides. A rule may match nothing. */
  rules?: readonly SchemeRule[];
  spare?: SpareRule;
}

const [FEWEST_BITS, MOST_BITS] = [2, 16];
/** Above this, activations are symmetric: int16 has steps enough to spend half of them on a sign. */
const ASYMMETRIC_BITS = 8;

const weights = (bits: number, granularity: Granularity = "channel"): WeightFormat => ({
  bits,
  symmetric: true,
  granularity,
});

const activations = (bits: number, range: ActivationFormat["range"] = "calibrated"): ActivationFormat => ({
  bits,
  symmetric: bits > ASYMMETRIC_BITS,
  range,
});

/** The founding article's: each matrix, in recurrent layers each gate's, over its own range; inputs on the fly. */
const article = (bits: number): Scheme => ({
  name: `article${bits}`,
  weights: { bits, symmetric: false, granularity: "gate" },
  activations: { bits, symmetric: false, range: "dynamic" },
});

/**
 * What few bits hurt most and costs least to spare. Features are no activations: the logarithm of silence is far below
 * everything else, and one grid of 256 steps for all coefficients is too coarse, so the layers that read them get 16
 * bits of them. And weights of depthwise layers: fewer than a dozen to a sum leave errors nothing to average.
 */
function delicate(weightFormat: WeightFormat, inputs: ActivationFormat | undefined): readonly SchemeRule[] {
  const fine = weightFormat.bits < 8 ? weights(8) : weightFormat;
  const wide = inputs?.range === "calibrated" && inputs.bits <= ASYMMETRIC_BITS ? activations(16) : inputs;
  return [
    ...(fine !== weightFormat
      ? [{ layers: "@depthwise", scheme: { weights: fine, activations: inputs } }]
      : []),
    ...(wide !== inputs
      ? [{ layers: "@first", scheme: { weights: weightFormat, activations: wide, states: inputs } }]
      : []),
  ];
}

/**
 * The ends of a model are small and tell most: what is read from features there is spread over few weights, and what
 * goes wrong in the last layer nothing makes good. With 4 bits and a few of 8 the weights are still 6.5 times smaller.
 */
const ends: SpareRule = { layers: ["@first", "@last"], weights: weights(8), meanBits: 4.9 };

/** Schemes by name; `schemeNamed` knows others by the grammar. */
export const schemes = {
  w8a8: {
    ...{ name: "w8a8", weights: weights(8), activations: activations(8) },
    rules: delicate(weights(8), activations(8)),
  },
  "w8a8-dynamic": { name: "w8a8-dynamic", weights: weights(8), activations: activations(8, "dynamic") },
  w4a8: {
    ...{ name: "w4a8", weights: weights(4), activations: activations(8) },
    ...{ rules: delicate(weights(4), activations(8)), spare: ends },
  },
  w8a16: { name: "w8a16", weights: weights(8), activations: activations(16) },
  w16a16: { name: "w16a16", weights: weights(16), activations: activations(16) },
  w8: { name: "w8", weights: weights(8) },
  pow2: {
    name: "pow2",
    weights: { bits: 8, symmetric: true, granularity: "tensor", powerOfTwo: true },
    activations: { bits: 8, symmetric: true, range: "calibrated", powerOfTwo: true },
  },
  article: { ...article(8), name: "article" },
} as const satisfies Readonly<Record<string, Scheme>>;

export type SchemeName = keyof typeof schemes;

/** w BITS (a BITS)? (-dynamic)? (-block SIZE | -tensor | -gate)? (-cell16)?, the last with activations alone */
const grammar = /^w(\d+)(?:a(\d+))?(-dynamic)?(?:-block(\d+)|-(tensor|gate))?((?<=a\d.*)-cell16)?$/;

/**
 * A scheme by its name, or by what the name says.
 * @throws OctavoxError `argument` for a name that says nothing, or other bits than 2 … 16
 */
export function schemeNamed(name: string): Scheme {
  if (Object.hasOwn(schemes, name)) return schemes[name as SchemeName];
  const articleBits = /^article(\d+)$/.exec(name);
  if (articleBits) return article(bitsIn(articleBits[1], name));
  const parts = grammar.exec(name);
  if (!parts)
    throw new OctavoxError("argument", `the scheme "${name}"`, {
      expected: `one of ${Object.keys(schemes).join(", ")}, or a name like w6a8, w8a8-dynamic-gate, w4-block32, article6`,
    });
  const [, weightBits, activationBits, dynamic, block, granularity, cell16] = parts;
  const cell = cell16 ? { cell: { bits: 16 } as const } : {};
  const size = block === undefined ? undefined : { block: blockIn(block, name) };
  const own = weights(bitsIn(weightBits, name), size ?? granularityIn(granularity));
  if (activationBits === undefined) return { name, weights: own, rules: delicate(own, undefined) };
  const inputs = activations(bitsIn(activationBits, name), dynamic ? "dynamic" : "calibrated");
  // What is found on the fly is always the range's own.
  const found = dynamic ? { ...inputs, symmetric: false } : inputs;
  const rules = delicate(own, found).map((rule) => ({ ...rule, scheme: { ...rule.scheme, ...cell } }));
  return { name, weights: own, activations: found, ...cell, rules };
}

function granularityIn(text: string | undefined): Granularity {
  return text === "tensor" || text === "gate" ? text : "channel";
}

function bitsIn(text: string, name: string): number {
  const bits = Number(text);
  if (bits >= FEWEST_BITS && bits <= MOST_BITS) return bits;
  throw new OctavoxError("argument", `the scheme "${name}"`, {
    expected: `${FEWEST_BITS} to ${MOST_BITS} bits`,
    found: text,
  });
}

function blockIn(text: string, name: string): number {
  const block = Number(text);
  if (block >= 8 && block <= 4096) return block;
  throw new OctavoxError("argument", `the scheme "${name}"`, {
    expected: "blocks of 8 to 4096 weights",
    found: text,
  });
}
