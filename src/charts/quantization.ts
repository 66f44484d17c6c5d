// The quantizer's report as a page: what to know first, signal to noise by layer, size against error, each tensor's
// histogram with its grid, and all numbers in a table.

import * as Plot from "@observablehq/plot";
import {
  type Evaluation,
  type LayerReport,
  POOR_DECIBELS,
  poorLayers,
  type QuantizationReport,
  remarks,
  type TensorHistogram,
} from "../quantize/report.ts";
import type { SweepPoint } from "../quantize/sweep.ts";
import { bitsSections } from "./bits.ts";
import { colours, escapeText, figure, page, type Section } from "./page.ts";

/** What the report is about. */
export interface QuantizationFiles {
  input: string;
  output: string;
  /** Sizes of the files, in bytes. */
  fileBefore: number;
  fileAfter: number;
}

const WIDTH = 1040;

/** @param sweep the same model on other numbers of bits, where that was tried */
export function quantizationPage(
  report: QuantizationReport,
  files: QuantizationFiles,
  sweep: readonly SweepPoint[] = [],
): string {
  const sections: (Section | undefined)[] = [
    ...bitsSections(sweep, report.evaluation),
    signalToNoise(report.layers),
    sizeAgainstError(report.layers),
    sensitivity(report),
    histograms(report.histograms),
    table(report),
  ];
  return page(
    `${fileName(files.input)} → ${report.scheme}`,
    head(report, files),
    sections.filter((section) => section !== undefined),
  );
}

function head(
  report: QuantizationReport,
  { input, output, fileBefore, fileAfter }: QuantizationFiles,
): string {
  const { scheme, method, observer, bytesBefore, bytesAfter, bytesScales, agreement, layers } = report;
  const measured = layers.filter(({ sqnrOutput }) => sqnrOutput !== null);
  const worst = measured.reduce<LayerReport | undefined>(
    (a, b) => (a === undefined || b.sqnrOutput! < a.sqnrOutput! ? b : a),
    undefined,
  );
  const facts: (readonly [string, string])[] = [
    [
      `${(bytesBefore / bytesAfter).toFixed(2)}×`,
      `smaller weights: ${size(bytesBefore)} → ${size(bytesAfter)}, and ${size(bytesScales)} of scales`,
    ],
    [size(fileAfter), `the file, ${size(fileBefore)} before`],
    ...(report.evaluation ? judged(report.evaluation) : []),
  ];
  if (agreement && agreement.disagreement !== null)
    facts.push([
      `${agreement.disagreement.toFixed(2)} %`,
      `of ${agreement.clips} calibration clips answered otherwise`,
    ]);
  if (agreement) facts.push([`${agreement.sqnr.toFixed(1)} dB`, "the model's output above its error"]);
  if (worst)
    facts.push([`${worst.sqnrOutput!.toFixed(1)} dB`, `least of all layers: ${shortName(worst.name)}`]);
  const sentences = remarks(report);
  return `<h1>${escapeText(fileName(input))} on few bits</h1>
<p class="under">Scheme ${escapeText(scheme)}, weights by ${escapeText(method)}, ranges by ${escapeText(observer)} → ${escapeText(fileName(output))}</p>
<div class="facts">${facts.map(([value, what]) => `<div class="fact"><b>${value}</b><span>${escapeText(what)}</span></div>`).join("")}</div>
${sentences.length > 0 ? `<div class="remarks${poorLayers(report).length > 0 ? " poor" : ""}">${sentences.map((text) => `<p>${escapeText(text)}</p>`).join("")}</div>` : ""}`;
}

/** Accuracy and speed, the quantized model beside the float one. */
function judged({ dataset, items, float, integer }: Evaluation): (readonly [string, string])[] {
  return [
    [
      `${integer.value.toFixed(2)} %`,
      `accuracy on ${items} recordings of ${dataset}, ${float.value.toFixed(2)} % in float`,
    ],
    [
      `${(1000 * integer.rtf).toFixed(2)} ms`,
      `for a second of audio, features included; ${(1000 * float.rtf).toFixed(2)} ms in float`,
    ],
  ];
}

const kinds = [
  { key: "sqnrWeights", name: "weights", colour: colours.weights },
  { key: "sqnrInput", name: "input on its grid", colour: colours.input },
  { key: "sqnrOutput", name: "output beside the float model's", colour: colours.output },
] as const;

function signalToNoise(layers: readonly LayerReport[]): Section {
  const points = layers.flatMap((layer, at) =>
    kinds.flatMap(({ key, name, colour }) => {
      const decibels = layer[key];
      return decibels === null ? [] : [{ at, decibels, name, colour, layer: layer.name }];
    }),
  );
  const rows = layers.map((_, at) => at);
  const drawn = figure({
    width: WIDTH,
    height: 76 + 19 * layers.length,
    marginLeft: 250,
    marginRight: 30,
    marginBottom: 44,
    x: { label: "signal to noise, dB →", grid: true, nice: true, zero: true, axis: "both" },
    y: {
      domain: rows,
      label: null,
      tickFormat: (at: number) => shortName(layers[at].name, 38),
      tickSize: 0,
      type: "band",
    },
    marks: [
      Plot.ruleX([POOR_DECIBELS], { stroke: colours.alarm, strokeDasharray: "4 4" }),
      Plot.ruleY(rows, { y: (at: number) => at, stroke: colours.line }),
      Plot.dot(points, {
        ...{ x: "decibels", y: "at", fill: "colour", r: 4.5 },
        title: ({ layer, name, decibels }: (typeof points)[number]) =>
          `${layer}\n${name}: ${decibels.toFixed(1)} dB`,
      }),
    ],
    color: { type: "identity" },
  });
  return {
    title: "Signal to quantization noise, layer by layer",
    about: `From the first layer down. Each 6 dB is a bit; left of the dashed line (${POOR_DECIBELS} dB) more than a tenth of a layer's output is error.`,
    body: legend(kinds) + drawn,
  };
}

function sizeAgainstError(layers: readonly LayerReport[]): Section | undefined {
  const points = layers.filter(({ sqnrOutput }) => sqnrOutput !== null);
  if (points.length < 2) return undefined;
  const named = [...points].sort((a, b) => a.sqnrOutput! - b.sqnrOutput!).slice(0, 3);
  const drawn = figure({
    ...{ width: WIDTH, height: 380, marginLeft: 60, marginBottom: 44, marginRight: 200, insetLeft: 12 },
    x: { type: "log", label: "bytes of weights →", grid: true, tickFormat: "~s" },
    y: { label: "↑ output, dB above its error", grid: true, nice: true },
    color: { type: "identity" },
    marks: [
      Plot.ruleY([POOR_DECIBELS], { stroke: colours.alarm, strokeDasharray: "4 4" }),
      Plot.link(points, {
        ...{ x1: "bytesBefore", x2: "bytesAfter", y1: "sqnrOutput", y2: "sqnrOutput", stroke: colours.line },
      }),
      Plot.dot(points, { x: "bytesBefore", y: "sqnrOutput", r: 3, stroke: colours.muted }),
      Plot.dot(points, {
        ...{ x: "bytesAfter", y: "sqnrOutput", r: 5, fill: colours.output },
        title: ({ name, bytesAfter, sqnrOutput }: LayerReport) =>
          `${name}\n${size(bytesAfter)}, ${sqnrOutput!.toFixed(1)} dB`,
      }),
      Plot.text(named, {
        ...{ x: "bytesBefore", y: "sqnrOutput", dx: 8, textAnchor: "start", fill: colours.muted },
        text: ({ name }: LayerReport) => shortName(name),
      }),
    ],
  });
  return {
    title: "Size against error",
    about:
      "Each layer moves left, from its bytes in float to its bytes now, at the height of what its output keeps.",
    body: drawn,
  };
}

function sensitivity({ sensitivity: losses }: QuantizationReport): Section | undefined {
  if (!losses || losses.length === 0) return undefined;
  const drawn = figure({
    ...{ width: WIDTH, height: 70 + 18 * losses.length, marginLeft: 250, marginRight: 30, marginBottom: 44 },
    x: { label: "divergence of the answers →", grid: true },
    y: {
      domain: losses.map(({ name }) => name),
      label: null,
      tickFormat: (name: string) => shortName(name, 38),
      tickSize: 0,
    },
    marks: [Plot.barX(losses, { x: "loss", y: "name", fill: colours.weights, rx: 2, inset: 2 })],
  });
  return {
    title: "What each layer does alone",
    about:
      "Each layer quantized in an otherwise float model. The longest bars were the first to be given more bits.",
    body: drawn,
  };
}

/** With more steps than this, a grid's lines would fill its tile. */
const MOST_LINES = 64;

function histograms(all: readonly TensorHistogram[]): Section {
  const tiles = all.map((each) => {
    const caption = `${each.kind}, ${brief(each.min)} … ${brief(each.max)}, steps of ${brief(each.step)}`;
    return `<div class="tile"><h3 title="${escapeText(each.layer)}">${escapeText(shortName(each.layer, 40))}</h3><p>${caption}</p>${histogram(each)}</div>`;
  });
  return {
    title: "What is on the grids",
    about:
      "The tensors' numbers (tall: frequent; square roots, so that rare ones show) and the range of their grid; where steps are few, each is a line.",
    body: `${legend([kinds[0], { name: "input", colour: colours.input }])}<div class="tiles">${tiles.join("\n")}</div>`,
  };
}

function histogram({ kind, low, high, counts, step, min, max }: TensorHistogram): string {
  const width = (high - low || 1) / counts.length;
  const points = counts.map((count, i) => ({ x: low + (i + 0.5) * width, y: Math.sqrt(count) }));
  const lines = Math.round((max - min) / step);
  const grid =
    lines <= MOST_LINES
      ? Array.from({ length: lines + 1 }, (_, i) => Number((min + i * step).toPrecision(6)))
      : [min, max];
  const colour = kind === "weights" ? colours.weights : colours.input;
  return figure({
    ...{ width: 240, height: 84, marginLeft: 4, marginRight: 4, marginTop: 4, marginBottom: 18 },
    x: { label: null, ticks: 4, domain: [Math.min(low, min), Math.max(high, max)], tickSize: 3 },
    y: { axis: null },
    marks: [
      Plot.ruleX(grid, { stroke: colours.muted, strokeOpacity: lines <= MOST_LINES ? 0.35 : 0.9 }),
      Plot.areaY(points, { x: "x", y: "y", fill: colour, fillOpacity: 0.75, curve: "step" }),
    ],
  });
}

function table(report: QuantizationReport): Section {
  const poor = new Set(poorLayers(report).map(({ name }) => name));
  const decibels = (value: number | null): string => (value === null ? "–" : value.toFixed(1));
  const rows = report.layers.map((layer) => {
    const cells = [
      ...[layer.name, layer.op, bits(layer)],
      ...[layer.sqnrWeights, layer.sqnrInput, layer.sqnrOutput].map(decibels),
      `${(100 * layer.saturated).toFixed(3)} %`,
      layer.range ? `${brief(layer.range.min)} … ${brief(layer.range.max)}` : "–",
      ...[size(layer.bytesBefore), size(layer.bytesAfter)],
    ];
    return `<tr${poor.has(layer.name) ? ' class="poor"' : ""}>${cells.map((cell) => `<td>${escapeText(cell)}</td>`).join("")}</tr>`;
  });
  const heads = [
    "layer",
    "",
    "bits",
    "weights dB",
    "input dB",
    "output dB",
    "saturated",
    "input's range",
    "before",
    "after",
  ];
  return {
    title: "All layers",
    body: `<table><thead><tr>${heads.map((cell) => `<th>${cell}</th>`).join("")}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`,
  };
}

function bits({ bits: weights, activationBits }: LayerReport): string {
  if (weights === 32) return "float";
  return activationBits === 32 ? `w${weights}` : `w${weights}a${activationBits}`;
}

function legend(entries: readonly { name: string; colour: string }[]): string {
  const items = entries.map(
    ({ name, colour }) => `<span><i style="background:${colour}"></i>${escapeText(name)}</span>`,
  );
  return `<div class="legend">${items.join("")}</div>`;
}

/** Exporters nest names ("blocks/blocks.3/…/Conv"): what says nothing new goes, and then the beginning. */
function shortName(name: string, most = 30): string {
  const parts = name.split("/").filter((part) => part !== "");
  const telling = parts.filter((part, i) => !parts[i + 1]?.startsWith(`${part}.`));
  const last =
    telling.length > 1 && /^[A-Z][A-Za-z]+$/.test(telling.at(-1)!) ? telling.slice(0, -1) : telling;
  const short = last.join("/");
  return short.length <= most ? short : `…${short.slice(1 - most)}`;
}

function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) || path;
}

function brief(x: number): string {
  return Math.abs(x) >= 1000 || (x !== 0 && Math.abs(x) < 0.001)
    ? x.toExponential(1)
    : `${Number(x.toPrecision(3))}`;
}

function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(2)} MB`;
}
