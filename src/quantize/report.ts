// What quantization cost and saved, layer by layer: the data behind the table, the JSON and the page.

export interface LayerReport {
  name: string;
  op: string;
  /** Bits of a weight; 32 where the layer stays in float. */
  bits: number;
  /** Bits of an activation, 32 for float. */
  activationBits: number;
  /** Signal to quantization noise in dB; null where nothing is quantized, or nothing was measured. */
  sqnrWeights: number | null;
  /** Of the layer's input, put on its grid. */
  sqnrInput: number | null;
  /** Of what the layer gives in the quantized model, beside what it gives in the float one. */
  sqnrOutput: number | null;
  /** The share of the input's numbers that lie outside its grid, 0 … 1. */
  saturated: number;
  /** Of the input's grid. */
  range: { min: number; max: number } | null;
  /** Of the weights. */
  bytesBefore: number;
  bytesAfter: number;
  /** Of their scales and zero points. */
  bytesScales: number;
  /** Why the layer has other bits than the scheme says. */
  note?: string;
}

/** A tensor's numbers in bins of equal width, and the grid they are put on. */
export interface TensorHistogram {
  layer: string;
  kind: "weights" | "input";
  low: number;
  high: number;
  counts: readonly number[];
  /** Distance between the grid's numbers (the least, where scales differ), and where it ends. */
  step: number;
  min: number;
  max: number;
}

/** How the quantized model answers beside the float one, over the calibration clips. */
export interface Agreement {
  clips: number;
  /** Percent of clips whose most likely class is another; null where outputs are no classes. */
  disagreement: number | null;
  /** Of the graph's first output, in dB. */
  sqnr: number;
}

/** How well a model answers recordings whose words are known: in float, and quantized. */
export interface Evaluation {
  dataset: string;
  items: number;
  metric: "accuracy";
  float: Judged;
  integer: Judged;
}

export interface Judged {
  /** In percent. */
  value: number;
  /** Real-time factor, front end included. */
  rtf: number;
}

export interface QuantizationReport {
  scheme: string;
  method: string;
  observer: string;
  /** Of the layers' weights. */
  bytesBefore: number;
  bytesAfter: number;
  /** Of scales and zero points beside them. */
  bytesScales: number;
  layers: readonly LayerReport[];
  histograms: readonly TensorHistogram[];
  /** Null without calibration clips. */
  agreement: Agreement | null;
  /** What layers lose when each is quantized alone, the most first; only where it was tried. */
  sensitivity?: readonly { name: string; loss: number }[];
  /** Only where recordings with labels were given. */
  evaluation?: Evaluation;
  /** Operators left in float although the scheme is about them. */
  kept: readonly { name: string; op: string; why: string }[];
}

/** Below this a layer is named in words. */
export const POOR_DECIBELS = 20;

export function poorLayers({ layers }: Pick<QuantizationReport, "layers">): LayerReport[] {
  return layers.filter(({ sqnrOutput }) => sqnrOutput !== null && sqnrOutput < POOR_DECIBELS);
}

/** What a reader should know first, in sentences. */
export function remarks(report: QuantizationReport): string[] {
  const poor = poorLayers(report).map(
    ({ name, op, sqnrOutput }) => `${op} "${name}" gives ${sqnrOutput!.toFixed(1)} dB`,
  );
  const noted = new Map<string, string[]>();
  for (const { name, op, note } of report.layers)
    if (note) noted.set(note, [...(noted.get(note) ?? []), `${op} "${name}"`]);
  return [
    ...(poor.length > 0
      ? [
          `${poor.length === 1 ? "One layer is" : `${poor.length} layers are`} below ${POOR_DECIBELS} dB: ${poor.join("; ")}.`,
        ]
      : []),
    ...Array.from(noted, ([note, names]) => `With ${note}: ${names.join(", ")}.`),
    ...report.kept.map(({ name, op, why }) => `${op} "${name}" stays in float: ${why}.`),
  ];
}

export const FLOAT_BITS = 32;
