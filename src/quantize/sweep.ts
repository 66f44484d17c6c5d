// A model on every number of bits from 2 to 16: what is left of its answers, and of its size.

import { OctavoxError } from "../errors.ts";
import type { Model } from "../model/graph.ts";
import { type QuantizeOptions, quantize } from "./quantize.ts";
import type { Agreement } from "./report.ts";

export interface SweepPoint {
  bits: number;
  /** Which numbers have so many bits; activations have 16 where it is the weights alone. */
  what: "weights" | "weights and activations";
  scheme: string;
  agreement: Agreement;
  /** In percent, where recordings with labels were given. */
  accuracy?: number;
  /** Of weights, scales and zero points. */
  bytes: number;
}

export const sweptBits: readonly number[] = Array.from({ length: 15 }, (_, i) => i + 2);

const swept = [
  { what: "weights", scheme: (bits: number) => `w${bits}a16` },
  { what: "weights and activations", scheme: (bits: number) => `w${bits}a${bits}` },
] as const;

export interface SweepOptions extends Omit<QuantizeOptions, "scheme" | "budget" | "onProgress"> {
  bits?: readonly number[] | undefined;
  /** Judges a quantized model by recordings with labels: accuracy in percent. */
  judge?: ((model: Model, scheme: string) => Promise<number>) | undefined;
  onProgress?: ((done: number, total: number, scheme: string) => void) | undefined;
}

/**
 * Quantizes the model with each number of bits, and compares its answers on the calibration clips with the float one's.
 * @throws OctavoxError as `quantize` does; `argument` without calibration clips
 */
export async function sweepBits(
  model: Model,
  { bits: wanted = sweptBits, judge, onProgress, ...options }: SweepOptions,
): Promise<SweepPoint[]> {
  if (!options.calibration)
    throw new OctavoxError("argument", "clips to compare answers on", {
      expected: "a calibration set",
      found: "none",
    });
  const points: SweepPoint[] = [];
  const all = swept.flatMap(({ what, scheme }) =>
    wanted.map((bits) => ({ what, bits, scheme: scheme(bits) })),
  );
  for (const [index, { what, bits, scheme }] of all.entries()) {
    onProgress?.(index, all.length, scheme);
    const { model: quantized, report } = await quantize(model, { ...options, scheme });
    const bytes = report.bytesAfter + report.bytesScales;
    const judged = judge ? { accuracy: await judge(quantized, scheme) } : {};
    points.push({ bits, what, scheme, agreement: report.agreement!, ...judged, bytes });
  }
  return points;
}
