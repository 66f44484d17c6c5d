// Charts as SVG files: Observable Plot draws, on a document that needs no browser.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

export interface Panel {
  /** What stands above the panel. */
  title: string;
  plot: Plot.PlotOptions;
}

const WIDTH = 760;
const [TITLE, GAP, MARGIN] = [28, 18, 16];
const FONT = "ui-sans-serif, system-ui, sans-serif";

/** Panels one below the other, as one SVG file on a light ground. */
export function svgOf(title: string, panels: readonly Panel[]): string {
  const { document } = parseHTML("<html><body></body></html>");
  let y = MARGIN;
  const parts = panels.map(({ title: caption, plot }) => {
    const height = plot.height ?? 240;
    const style = { fontFamily: FONT, fontSize: "12px", background: "none" };
    const drawn = Plot.plot({
      ...plot,
      width: WIDTH,
      height,
      style,
      document: document as unknown as Document,
    });
    const svg = drawn.outerHTML.replace(/^<svg/, `<svg x="${MARGIN}" y="${y + TITLE}"`);
    const heading = `<text x="${MARGIN + 4}" y="${y + 18}" font-size="15" font-weight="600" fill="#1d2733">${escapeText(caption)}</text>`;
    y += TITLE + height + GAP;
    return heading + svg;
  });
  const [width, height] = [WIDTH + 2 * MARGIN, y - GAP + MARGIN];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="${FONT}" role="img">
<title>${escapeText(title)}</title>
<rect width="100%" height="100%" fill="#ffffff"/>
${parts.join("\n")}
</svg>
`;
}

function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
