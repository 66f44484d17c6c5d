// The kernels' picture: the yardstick in every engine, then octavox's share of the limit at every shape.

import * as Plot from "@observablehq/plot";
import { type Panel, svgOf } from "../../src/charts/svg.ts";
import type { KernelRow } from "../kernels/compare.ts";
import { bars, colourOf, colours, limitLines, ROW } from "./bars.ts";

const OTHERS = ["onnxruntime-node", "onnxruntime-web"];

/** Pixels between the words of the legend. */
const LEGEND = 150;

export function kernelsFigure(rows: readonly KernelRow[]): string {
  const products = rows.filter(({ family }) => family === "u8s8");
  const [yardstick] = products;
  return svgOf("Matrix products of 8-bit integers", [yardstickPanel(yardstick), shapesPanel(products)]);
}

function yardstickPanel({ shape, speed, limit }: KernelRow): Panel {
  const all = Object.entries(speed)
    .sort(([, a], [, b]) => b - a)
    .map(([label, value]) => ({ label, value, fill: colourOf(label), text: value.toFixed(0) }));
  const limits = limitLines([
    { at: limit.octavox, name: "limit of 128 bits" },
    { at: limit["octavox wide"], name: "of 256 bits" },
  ]);
  const plot = bars(all, { label: "GOPS, one thread →" });
  return { title: `8-bit product ${shape.join("×")}`, plot: { ...plot, marks: [...plot.marks!, ...limits] } };
}

/** A row for each shape: octavox, wide, and the others, on a logarithmic scale. */
function shapesPanel(products: readonly KernelRow[]): Panel {
  const name = (row: KernelRow) => row.shape.join("×");
  const engines = ["octavox", "octavox wide", ...OTHERS].filter((engine) => products[0].speed[engine]);
  const dots = products.flatMap((row) =>
    engines.map((engine) => ({ shape: name(row), engine, gops: row.speed[engine] })),
  );
  const fills = [colours.own, colours.ownLight, colours.other, colours.otherLight];
  return {
    title: "the shapes of speech models, GOPS",
    plot: {
      height: products.length * (ROW - 6) + 80,
      ...{ marginTop: 28, marginBottom: 44, marginLeft: 190, marginRight: 90 },
      x: { type: "log", label: "GOPS, one thread →", grid: true, tickFormat: String, ticks: 5 },
      y: { domain: products.map(name), label: null, tickSize: 0 },
      color: { domain: engines, range: fills },
      marks: [
        Plot.ruleY(products, { y: name, stroke: colours.faint }),
        Plot.dot(dots, { y: "shape", x: "gops", fill: "engine", r: 5 }),
        // The legend, above the rows.
        ...engines.map((engine, i) =>
          Plot.text([engine], {
            ...{ frameAnchor: "top-left", lineAnchor: "bottom", dx: i * LEGEND, dy: -8 },
            ...{ fill: fills[i], fontWeight: 600, textAnchor: "start" },
          }),
        ),
      ],
    },
  };
}
