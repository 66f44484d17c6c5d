// One self-contained HTML page: figures as inline SVG, styles for light and dark, nothing loaded from anywhere.

import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";

/** Colours by role, as the page's styles define them for light and dark. */
export const colours = {
  weights: "var(--weights)",
  input: "var(--input)",
  output: "var(--output)",
  muted: "var(--muted)",
  line: "var(--line)",
  alarm: "var(--alarm)",
  text: "var(--text)",
} as const;

/** A figure as the SVG element in a page. */
export function figure(options: Plot.PlotOptions): string {
  const { document } = parseHTML("<html><body></body></html>");
  const style = { fontFamily: "inherit", fontSize: "12px", background: "none", overflow: "visible" };
  const drawn = Plot.plot({ ...options, style, document: document as unknown as Document });
  return drawn.outerHTML;
}

export function escapeText(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

export interface Section {
  title: string;
  /** HTML. */
  body: string;
  /** A sentence on how to read it. */
  about?: string;
}

export function page(title: string, head: string, sections: readonly Section[]): string {
  const parts = sections.map(
    ({ title: heading, about, body }) =>
      `<section><h2>${escapeText(heading)}</h2>${about ? `<p class="about">${escapeText(about)}</p>` : ""}\n${body}</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${styles}</style>
</head>
<body>
<main>
${head}
${parts.join("\n")}
</main>
</body>
</html>
`;
}

const styles = `
:root { color-scheme: light dark;
  --paper: #fbfaf7; --card: #ffffff; --text: #1c2430; --muted: #6b7685; --line: #dfe3e8;
  --weights: #3b6fb6; --input: #2e8b74; --output: #c2502f; --alarm: #b3261e; --alarm-paper: #fdecea; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #12161c; --card: #1a2029; --text: #e6eaf0; --muted: #94a0b0; --line: #303945;
  --weights: #7fb0f5; --input: #5fc9ac; --output: #f08a66; --alarm: #ff8a80; --alarm-paper: #3a1f1d; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--text);
  font: 15px/1.55 ui-sans-serif, system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 28px 80px; }
h1 { font-size: 28px; line-height: 1.2; margin: 0 0 4px; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { font-size: 18px; margin: 0 0 2px; }
.about, .under { color: var(--muted); margin: 0 0 14px; max-width: 76ch; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 24px 22px;
  margin-top: 22px; overflow-x: auto; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(190px, 1fr)); gap: 14px; margin-top: 22px; }
.fact { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 14px 18px;
  overflow-wrap: anywhere; }
.fact b { display: block; font-size: 26px; font-weight: 650; font-variant-numeric: tabular-nums; line-height: 1.25; }
.fact span { color: var(--muted); font-size: 13px; }
.remarks { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--weights);
  border-radius: 8px; padding: 12px 18px; margin: 22px 0 0; }
.remarks.poor { background: var(--alarm-paper); border-color: var(--alarm-paper); border-left-color: var(--alarm); }
.remarks p { margin: 4px 0; overflow-wrap: anywhere; }
.legend { display: flex; flex-wrap: wrap; gap: 18px; margin: 0 0 10px; font-size: 13px; color: var(--muted); }
.legend i { display: inline-block; width: 10px; height: 10px; border-radius: 50%; margin-right: 6px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(215px, 1fr)); gap: 18px 20px; }
.tile svg { width: 100%; }
.tile h3 { font-size: 12px; font-weight: 600; margin: 0; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.tile p { font-size: 11px; color: var(--muted); margin: 0; }
svg { display: block; max-width: 100%; height: auto; color: var(--text); }
table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--muted); font-weight: 600; }
th:first-child, td:first-child, th:nth-child(2), td:nth-child(2) { text-align: left; }
td:first-child { white-space: normal; overflow-wrap: anywhere; }
tr.poor td { color: var(--alarm); }
`;
