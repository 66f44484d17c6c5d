// From what a model's file or a caller says of its front end to a complete preset. A file may say anything:
// everything is checked here, by name, kind and range, before a table is computed from it.

import { OctavoxError } from "../errors.ts";
import { isTransformSize } from "./fft.ts";
import { edgeKinds, type FeaturePreset, type FeatureSpec, windowKinds } from "./preset.ts";
import { presets } from "./presets.ts";

interface Check {
  expected: string;
  holds(value: unknown): boolean;
}

const whole = (low: number, high: number): Check => ({
  expected: `a whole number from ${low} to ${high}`,
  holds: (value) => Number.isInteger(value) && (value as number) >= low && (value as number) <= high,
});

const number = (low: number, high: number): Check => ({
  expected: `a number from ${low} to ${high}`,
  holds: (value) => typeof value === "number" && value >= low && value <= high,
});

const oneOf = (...names: readonly string[]): Check => ({
  expected: names.map((name) => `"${name}"`).join(" or "),
  holds: (value) => names.includes(value as string),
});

const flag: Check = { expected: "true or false", holds: (value) => typeof value === "boolean" };

/** Fields of a group; what is not here is not a field. */
interface Fields {
  fields: Readonly<Record<string, Check>>;
  /** Null says that the group is left out. */
  optional?: boolean;
}

/** A group whose fields depend on the value of one of them. */
interface Variants {
  by: string;
  variants: Readonly<Record<string, Fields>>;
}

const clipSteps: Readonly<Record<FeaturePreset["clip"]["step"], Fields>> = {
  none: { fields: {} },
  "z-score": { fields: { leastDeviation: number(0, 1e6) } },
  "peak-range": { fields: { range: number(0, 1e6), add: number(-1e6, 1e6), divide: number(1e-6, 1e6) } },
};

const LARGEST_FFT = 16_384;

const fields = {
  sampleRate: whole(1000, 384_000),
  window: { fields: { kind: oneOf(...windowKinds), length: whole(2, LARGEST_FFT), periodic: flag } },
  hop: whole(1, LARGEST_FFT),
  fft: {
    expected: `an even number up to ${LARGEST_FFT} without prime factors beyond 5`,
    holds: (value) => whole(4, LARGEST_FFT).holds(value) && isTransformSize(value as number),
  },
  edges: oneOf(...edgeKinds),
  dropLast: flag,
  scale: number(1e-6, 1e6),
  removeMean: flag,
  preEmphasis: number(0, 1),
  spectrum: oneOf("power", "magnitude"),
  mel: {
    fields: {
      bands: whole(1, 1024),
      low: number(0, 192_000),
      high: number(0, 192_000),
      scale: oneOf("htk", "slaney"),
      triangles: oneOf("hertz", "mel"),
      norm: oneOf("none", "slaney"),
    },
  },
  log: { fields: { base: oneOf("e", "10"), floor: number(0, 1e6), offset: number(0, 1e6) } },
  dct: { fields: { count: whole(1, 1024), norm: oneOf("orthonormal", "uniform") }, optional: true },
  clip: { by: "step", variants: clipSteps },
} satisfies Record<keyof FeaturePreset, Check | Fields | Variants>;

/** What must hold between fields. */
const relations: readonly [
  name: string,
  holds: (preset: FeaturePreset) => boolean,
  expected: (preset: FeaturePreset) => string,
  found: (preset: FeaturePreset) => number,
][] = [
  [
    "window.length",
    ({ window, fft }) => window.length <= fft,
    ({ fft }) => `at most the transform's size, ${fft}`,
    ({ window }) => window.length,
  ],
  [
    "mel.high",
    ({ mel, sampleRate }) => mel.high > mel.low && mel.high <= sampleRate / 2,
    ({ mel, sampleRate }) => `more than mel.low (${mel.low}) and at most ${sampleRate / 2} Hz`,
    ({ mel }) => mel.high,
  ],
  [
    "log.floor",
    ({ log }) => Math.fround(Math.fround(log.floor) + Math.fround(log.offset)) > 0,
    () => "a floor or an offset above 0, so that silence has a logarithm",
    ({ log }) => log.floor,
  ],
  [
    "dct.count",
    ({ dct, mel }) => dct === null || dct.count <= mel.bands,
    ({ mel }) => `at most the number of bands, ${mel.bands}`,
    ({ dct }) => dct!.count,
  ],
];

/**
 * The named preset with the overrides in place.
 * @throws OctavoxError `not-found` for an unknown preset, `argument` for a field that does not exist or a value out
 *   of range
 */
export function resolvePreset(spec: FeatureSpec): FeaturePreset {
  if (!isGroup(spec)) throw wrong("features", 'an object such as { preset: "tf-mfcc" }', spec);
  const { preset: name, ...overrides } = spec as FeatureSpec & Record<string, unknown>;
  const base = Object.hasOwn(presets, name) ? presets[name as keyof typeof presets] : undefined;
  if (!base)
    throw new OctavoxError("not-found", "no such preset of features", {
      expected: Object.keys(presets).join(", "),
      found: show(name),
    });
  const merged = merge(base, overrides);
  checkNames("features", merged, Object.keys(fields));
  for (const [field, check] of Object.entries(fields)) checkValue(field, merged[field], check);
  const preset = merged as unknown as FeaturePreset;
  for (const [field, holds, expected, found] of relations)
    if (!holds(preset)) throw wrong(field, expected(preset), found(preset));
  return preset;
}

type Values = Readonly<Record<string, unknown>>;

function isGroup(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Groups are merged field by field; a clip's step, whose fields depend on its name, is replaced. */
function merge(base: Values, overrides: Values): Values {
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(overrides)) {
    const old = merged[name];
    merged[name] = name !== "clip" && isGroup(value) && isGroup(old) ? { ...old, ...value } : value;
  }
  return merged;
}

function checkValue(field: string, value: unknown, check: Check | Fields | Variants): void {
  if ("holds" in check) {
    if (!check.holds(value)) throw wrong(field, check.expected, value);
  } else if ("by" in check) {
    if (!isGroup(value)) throw wrong(field, "an object", value);
    const { [check.by]: name, ...rest } = value;
    checkValue(`${field}.${check.by}`, name, oneOf(...Object.keys(check.variants)));
    checkValue(field, rest, check.variants[name as string]);
  } else if (isGroup(value)) {
    checkNames(field, value, Object.keys(check.fields));
    for (const [name, inner] of Object.entries(check.fields))
      checkValue(`${field}.${name}`, value[name], inner);
  } else if (!(check.optional && value === null)) throw wrong(field, "an object", value);
}

function checkNames(group: string, values: Values, known: readonly string[]): void {
  const unknown = Object.keys(values).find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new OctavoxError("argument", `no field of ${group}: "${unknown}"`, {
      expected: known.join(", ") || "none",
    });
}

function wrong(field: string, expected: string, found: unknown): OctavoxError {
  return new OctavoxError("argument", field, { expected, found: show(found) });
}

function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? "an object" : String(value);
}
