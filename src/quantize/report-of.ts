// From what the quantizer did and measured to the report's data.

import { fileBytes } from "../tensor/dtype.ts";
import type { ActivationUse } from "./activations.ts";
import type { Calibration } from "./calibrate.ts";
import { decibels, type ErrorSums, sqnr } from "./error.ts";
import { type Grid, rangeOf } from "./grid.ts";
import type { QuantizedLayer } from "./insert.ts";
import type { Layer, Unsupported } from "./layers.ts";
import { type QuantizedWeights, storedWeights, weightsOf } from "./matrix.ts";
import type { Measured } from "./measure.ts";
import { Histogram } from "./observers/histogram.ts";
import { formatOf, type LayerPlan } from "./plan.ts";
import { FLOAT_BITS, type LayerReport, type QuantizationReport, type TensorHistogram } from "./report.ts";
import type { ActivationFormat, Scheme } from "./schemes.ts";
import type { LayerLoss } from "./sensitivity.ts";

export interface ReportSources {
  scheme: Scheme;
  method: string;
  observer: string;
  plans: readonly LayerPlan[];
  layers: readonly QuantizedLayer[];
  uses: readonly ActivationUse[];
  kept: readonly Unsupported[];
  gridOf(value: string, format: ActivationFormat): Grid;
  calibration: Calibration | undefined;
  measured: Measured | undefined;
  sensitivity: readonly LayerLoss[] | undefined;
}

export function makeReport(sources: ReportSources): QuantizationReport {
  const { scheme, method, observer, plans, measured, sensitivity, kept } = sources;
  const quantized = new Map(sources.layers.map((each) => [each.layer.name, each]));
  const layers = plans.map((plan) => layerReport(plan, quantized.get(plan.layer.name), sources));
  const sum = (key: "bytesBefore" | "bytesAfter" | "bytesScales"): number =>
    layers.reduce((total, layer) => total + layer[key], 0);
  return {
    ...{ scheme: scheme.name, method, observer },
    ...{ bytesBefore: sum("bytesBefore"), bytesAfter: sum("bytesAfter"), bytesScales: sum("bytesScales") },
    ...{ layers, kept },
    histograms: sources.layers.flatMap((each) => histogramsOf(each, sources)),
    agreement: measured?.agreement ?? null,
    ...(sensitivity ? { sensitivity } : {}),
  };
}

function layerReport(
  plan: LayerPlan,
  quantized: QuantizedLayer | undefined,
  { scheme, uses, gridOf, measured }: ReportSources,
): LayerReport {
  const { layer, scheme: own } = plan;
  const { name, op, input } = layer;
  const use = uses.find(({ node, at }) => node === layer.node && at === 0);
  const range = use?.format.range === "calibrated" ? rangeOf(gridOf(input, use.format)) : null;
  const inputs = measured?.inputs.get(name);
  const note = noteOf(plan, scheme);
  return {
    ...{
      name,
      op,
      bits: fewestBits(plan) ?? FLOAT_BITS,
      activationBits: own.activations?.bits ?? FLOAT_BITS,
    },
    sqnrWeights: quantized ? weightsSqnr(quantized) : null,
    sqnrInput: use ? finite(inputs) : null,
    sqnrOutput: finite(measured?.outputs.get(name)),
    saturated: inputs && inputs.count > 0 ? inputs.saturated / inputs.count : 0,
    range,
    bytesBefore: layer.weights.reduce((sum, { tensor }) => sum + fileBytes("float32", tensor.size), 0),
    ...bytesAfter(layer, quantized),
    ...(note === undefined ? {} : { note }),
  };
}

/** What JSON has no number for is left out: nothing lost at all, or nothing there to lose. */
function finite(sums: ErrorSums | undefined): number | null {
  const value = sums ? decibels(sums) : Number.POSITIVE_INFINITY;
  return Number.isFinite(value) ? value : null;
}

function weightsSqnr({ layer, weights }: QuantizedLayer): number | null {
  const before = layer.weights.flatMap(({ tensor }) => [...(tensor.data as Float32Array)]);
  const value = sqnr(
    before,
    weights.flatMap((own) => [...weightsOf(own)]),
  );
  return Number.isFinite(value) ? value : null;
}

function bytesAfter(
  layer: Layer,
  quantized: QuantizedLayer | undefined,
): Pick<LayerReport, "bytesAfter" | "bytesScales"> {
  const sums = { bytesAfter: 0, bytesScales: 0 };
  layer.weights.forEach(({ tensor, shape }, i) => {
    const stored = quantized && storedWeights(quantized.weights[i], shape.dims);
    const { dtype, size } = stored?.weights ?? tensor;
    sums.bytesAfter += fileBytes(dtype, size);
    for (const each of [stored?.scales, stored?.zeros])
      sums.bytesScales += each ? fileBytes(each.dtype, each.size) : 0;
  });
  return sums;
}

const matrixNames = { input: "input", recurrent: "recurrence", inner: "projection" } as const;

/** Of a layer's matrices the bits of most; undefined in float. */
function fewestBits(plan: LayerPlan): number | undefined {
  const bits = plan.layer.weights.map((_, at) => formatOf(plan, at)?.bits ?? FLOAT_BITS);
  return plan.scheme.weights && Math.min(...bits);
}

/** How a layer differs from the scheme as its name says it. */
function noteOf(plan: LayerPlan, scheme: Scheme): string | undefined {
  const { scheme: own, layer } = plan;
  if (!own.weights) return scheme.weights ? "weights in float" : undefined;
  const parts: string[] = [];
  const bits = fewestBits(plan);
  if (bits !== scheme.weights?.bits) parts.push(`${bits}-bit weights`);
  for (const [at, { bits: more }] of plan.spared ?? [])
    if (more !== bits) parts.push(`${more}-bit weights of the ${matrixNames[layer.weights[at].meets]}`);
  const activations = own.activations?.bits;
  if (activations !== scheme.activations?.bits)
    parts.push(activations ? `${activations}-bit activations` : "float activations");
  return parts.length > 0 ? parts.join(" and ") : undefined;
}

const BINS = 96;

function histogramsOf({ layer, weights }: QuantizedLayer, sources: ReportSources): TensorHistogram[] {
  const own = layer.weights.map((each, i) =>
    weightHistogram(layer.name, each.tensor.data as Float32Array, weights[i]),
  );
  const seen = sources.calibration?.observations.get(layer.input);
  const use = sources.uses.find(({ node, at }) => node === layer.node && at === 0);
  if (!seen || use?.format.range !== "calibrated") return own;
  const grid = sources.gridOf(layer.input, use.format);
  return [
    ...own,
    { layer: layer.name, kind: "input", ...rebinned(seen.histogram), step: grid.scale, ...rangeOf(grid) },
  ];
}

function weightHistogram(layer: string, values: Float32Array, { grids }: QuantizedWeights): TensorHistogram {
  const histogram = new Histogram();
  histogram.add(values);
  const { scales, zeros, low, high } = grids;
  const ends = Array.from(scales, (scale, group) => rangeOf({ scale, zero: zeros[group], low, high }));
  return {
    ...{ layer, kind: "weights", ...rebinned(histogram) },
    step: scales.reduce((least, scale) => Math.min(least, scale), Number.POSITIVE_INFINITY),
    min: ends.reduce((least, { min }) => Math.min(least, min), 0),
    max: ends.reduce((most, { max }) => Math.max(most, max), 0),
  };
}

/** Few enough bins for a picture. */
function rebinned(histogram: Histogram): Pick<TensorHistogram, "low" | "high" | "counts"> {
  const [low, high] = histogram.total === 0 ? [0, 0] : [histogram.min, histogram.max];
  const counts = new Array<number>(BINS).fill(0);
  const place = (x: number): number =>
    high > low ? Math.min(BINS - 1, Math.max(0, Math.floor(((x - low) / (high - low)) * BINS))) : 0;
  for (const { middle, count } of histogram.bins()) counts[place(middle)] += count;
  counts[place(0)] += histogram.zeros;
  return { low, high, counts };
}
