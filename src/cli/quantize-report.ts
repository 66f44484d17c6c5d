// The quantizer's report: JSON, a page, or in the terminal what to know first, then a line for each layer.

import { writeAtomically } from "../host/index.ts";
import { type Evaluation, type QuantizationReport, remarks, type SweepPoint } from "../quantize/index.ts";
import type { Context } from "./context.ts";
import { byteSize, columns, type Terminal } from "./terminal.ts";

/** Names and sizes of files, in bytes. */
export interface Files {
  input: string;
  output: string;
  fileBefore: number;
  fileAfter: number;
}

export interface Delivery {
  json?: boolean;
  /** Path of a page. */
  report?: string;
  /** For the page: the same model on other numbers of bits. */
  points?: readonly SweepPoint[];
}

export async function deliver(
  { terminal }: Context,
  files: Files,
  report: QuantizationReport,
  { json, report: path, points = [] }: Delivery,
): Promise<void> {
  if (path !== undefined) {
    // The charts' library is large.
    const { quantizationPage } = await import("../charts/index.ts");
    await writeAtomically(path, new TextEncoder().encode(quantizationPage(report, files, points)));
  }
  if (json) terminal.out(JSON.stringify(record(files, report)));
  else print(terminal, files, report, path);
}

function record({ input, output, fileBefore, fileAfter }: Files, report: QuantizationReport) {
  const { scheme, method, observer, bytesBefore, bytesAfter, bytesScales } = report;
  const { layers, agreement, evaluation, sensitivity, kept } = report;
  return {
    ...{ input, output, scheme, method, observer, bytesBefore, bytesAfter, bytesScales },
    ...{ fileBefore, fileAfter, agreement, ...(evaluation ? { evaluation } : {}) },
    ...{ ...(sensitivity ? { sensitivity } : {}), kept, layers },
  };
}

function print(
  { out, bold }: Terminal,
  { output, fileBefore, fileAfter }: Files,
  report: QuantizationReport,
  page: string | undefined,
): void {
  for (const line of quantizationTable(report, bold)) out(line);
  const { bytesBefore, bytesAfter, bytesScales } = report;
  const times = (bytesBefore / bytesAfter).toFixed(2);
  out(
    `\n${bold(output)}  ${byteSize(fileAfter)} (${byteSize(fileBefore)} before); weights ` +
      `${byteSize(bytesAfter)} (${byteSize(bytesBefore)}, ${times}×), scales ${byteSize(bytesScales)}`,
  );
  if (page !== undefined) out(`${bold(page)}  the report as a page`);
}

function quantizationTable(report: QuantizationReport, bold: (text: string) => string): string[] {
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
