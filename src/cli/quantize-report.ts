// The quantizer's report in the terminal: what to know first, then a line for each layer.

import { type Evaluation, type QuantizationReport, remarks } from "../quantize/index.ts";
import { byteSize, columns } from "./terminal.ts";

export function quantizationTable(report: QuantizationReport, bold: (text: string) => string): string[] {
  const { layers, agreement, evaluation } = report;
  const decibels = (value: number | null): string => (value === null ? "–" : value.toFixed(1)).padStart(6);
  const heading = ["layer", "", "bits", "weights", " input", "output", "saturated", "bytes"];
  const rows = layers.map((layer) => [
    ...[layer.name, layer.op, bitsOf(layer.bits, layer.activationBits)],
    decibels(layer.sqnrWeights).padStart(7),
    ...[decibels(layer.sqnrInput), decibels(layer.sqnrOutput)],
    `${(100 * layer.saturated).toFixed(2)} %`.padStart(9),
    `${byteSize(layer.bytesBefore)} → ${byteSize(layer.bytesAfter)}`,
  ]);
  const [first, ...others] = columns([heading, ...rows]);
  return [
    ...remarks(report),
    ...(agreement ? [agreementLine(agreement)] : []),
    ...(evaluation ? [evaluationLine(evaluation)] : []),
    "",
    `${bold(first)}   (signal to noise in dB)`,
    ...others,
  ];
}

function bitsOf(weights: number, activations: number): string {
  if (weights === 32) return "float";
  return activations === 32 ? `w${weights}` : `w${weights}a${activations}`;
}

function evaluationLine({ dataset, items, float, integer }: Evaluation): string {
  const points = integer.value - float.value;
  return (
    `On ${items} recordings of ${dataset}: ${integer.value.toFixed(2)} % right, ${float.value.toFixed(2)} % in float ` +
    `(${points < 0 ? "−" : "+"}${Math.abs(points).toFixed(2)}); real-time factor ${integer.rtf.toFixed(5)}, ${float.rtf.toFixed(5)} in float.`
  );
}

function agreementLine({ clips, disagreement, sqnr }: NonNullable<QuantizationReport["agreement"]>): string {
  const quality = `outputs ${sqnr.toFixed(1)} dB above their error`;
  if (disagreement === null) return `On ${clips} calibration clips: ${quality}.`;
  return `On ${clips} calibration clips: ${disagreement.toFixed(2)} % answered otherwise than in float; ${quality}.`;
}
