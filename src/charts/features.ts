// A recording as a model sees it: its waveform, and its features as colours over time.

import * as Plot from "@observablehq/plot";
import type { FeatureMatrix } from "../features/index.ts";
import { type Panel, svgOf } from "./svg.ts";

export interface FeaturePicture {
  /** What stands in the title: a file's name. */
  name: string;
  preset: string;
  /** Mono. */
  samples: Float32Array;
  sampleRate: number;
  matrix: FeatureMatrix;
  /** Columns are cepstral coefficients, each with a range of its own, rather than bands of one spectrum. */
  cepstral: boolean;
}

/** Points across the picture; longer recordings are averaged down to them. */
const COLUMNS = 360;
/** Colours told apart. */
const LEVELS = 24;
const WAVE = "#2b6cb0";

export function featureFigure(picture: FeaturePicture): string {
  const { name, preset, samples, sampleRate } = picture;
  return svgOf(`${name}: ${preset}`, [wavePanel(name, samples, sampleRate), mapPanel(picture)]);
}

function wavePanel(name: string, samples: Float32Array, sampleRate: number): Panel {
  const step = Math.max(1, Math.ceil(samples.length / (2 * COLUMNS)));
  const points = Array.from({ length: Math.ceil(samples.length / step) }, (_, i) => {
    const part = samples.subarray(i * step, (i + 1) * step);
    const low = part.reduce((least, value) => Math.min(least, value), 0);
    const high = part.reduce((most, value) => Math.max(most, value), 0);
    return { at: (i * step) / sampleRate, low, high };
  });
  return {
    title: name,
    plot: {
      ...{ height: 110, marginLeft: 60 },
      x: { label: null, domain: [0, samples.length / sampleRate] },
      y: { label: null, ticks: 3 },
      marks: [
        Plot.areaY(points, { x: "at", y1: "low", y2: "high", fill: WAVE, stroke: WAVE, strokeWidth: 0.5 }),
      ],
    },
  };
}

function mapPanel({ preset, samples, sampleRate, matrix, cepstral }: FeaturePicture): Panel {
  const seconds = samples.length / sampleRate;
  const what = cepstral ? "coefficients, each in its own range" : "bands";
  const { frames, width } = matrix;
  return {
    title: `${preset}: ${frames} frames of ${width} ${what}`,
    plot: {
      ...{ height: 260, marginLeft: 60 },
      x: { label: "seconds", domain: [0, seconds] },
      y: { label: cepstral ? "coefficient" : "band", domain: [0, width] },
      color: { type: "linear", scheme: "magma", domain: [0, LEVELS] },
      marks: [colours(levelsOf(matrix, cepstral), seconds), Plot.frame({ stroke: "#c9d1da" })],
    },
  };
}

/** [row][column] → 0…LEVELS − 1, over all values or, for cepstra, over those of the row. */
function levelsOf({ data, frames, width }: FeatureMatrix, cepstral: boolean): number[][] {
  const columns = Math.min(frames, COLUMNS);
  const rows = Array.from({ length: width }, (_, row) =>
    Array.from({ length: columns }, (_, column) => {
      const from = Math.floor((column * frames) / columns);
      const to = Math.floor(((column + 1) * frames) / columns);
      let sum = 0;
      for (let f = from; f < to; f++) sum += data[f * width + row];
      return sum / (to - from);
    }),
  );
  const all = extent(rows.flat());
  return rows.map((row) => {
    const [low, high] = cepstral ? extent(row) : all;
    return row.map((value) => Math.min(LEVELS - 1, Math.floor(((value - low) / (high - low || 1)) * LEVELS)));
  });
}

function extent(values: readonly number[]): [low: number, high: number] {
  return values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [
    Infinity,
    -Infinity,
  ] as [number, number]);
}

/** A path for each colour, of runs of equal cells: a rectangle for each cell would be several times as large. */
function colours(levels: readonly number[][], seconds: number): Plot.RenderFunction {
  return (_index, scales, _channels, _dimensions, context) => {
    const { document } = context as unknown as { document: Document };
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    const [x, y, color] = [scales.x!, scales.y!, scales.color!];
    const columns = levels[0].length;
    const at = (column: number) => Number(x((column * seconds) / columns)).toFixed(1);
    const paths = Array.from({ length: LEVELS }, () => "");
    levels.forEach((row, band) => {
      const [top, bottom] = [Number(y(band + 1)).toFixed(1), Number(y(band)).toFixed(1)];
      for (let from = 0, to = 1; from < columns; from = to++) {
        while (to < columns && row[to] === row[from]) to++;
        paths[row[from]] += `M${at(from)} ${top}H${at(to)}V${bottom}H${at(from)}z`;
      }
    });
    paths.forEach((d, level) => {
      if (d === "") return;
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("fill", String(color(level)));
      path.setAttribute("shape-rendering", "crispEdges");
      path.setAttribute("d", d);
      group.append(path);
    });
    return group;
  };
}
