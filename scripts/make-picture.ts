// Draws what a transcription looks like, for the README: the sound, the words, and what they cost.
//   npm run picture        writes docs/transcript.svg

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { keepMemorySmall, loadRecognizer } from "../src/host/index.ts";
import { decodeAudio, toMono16k } from "../src/index.ts";

const CLIP = "samples/market.wav";
const [WIDTH, HEIGHT, MARGIN] = [880, 250, 28];
/** Bars of the waveform, and its height. */
const [BARS, WAVE] = [206, 96];

const root = join(import.meta.dirname, "..");
keepMemorySmall();
using recognizer = await loadRecognizer("moonshine-tiny");
const samples = toMono16k(await decodeAudio(readFileSync(join(root, CLIP))));
await recognizer.transcribe(samples); // Warm, as in a program that runs for a while.
const { text, audioSeconds, processingSeconds, rtf } = await recognizer.transcribe(samples);

const [text1, text2] = [
  `${audioSeconds.toFixed(1)} s of speech in ${(processingSeconds * 1000).toFixed(0)} ms`,
  `real-time factor ${rtf.toFixed(3)}, ${recognizer.kernels} kernels, ${recognizer.threads} thread, 8-bit weights`,
];
const line = (
  y: number,
  size: number,
  fill: string,
  content: string,
  family = "ui-sans-serif, system-ui, sans-serif",
) =>
  `<text x="${MARGIN}" y="${y}" font-family="${family}" font-size="${size}" fill="${fill}">${content}</text>`;

const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img">
<title>${CLIP} and its transcript: ${text}</title>
<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="#10151c"/>
${line(42, 15, "#8fa3b8", `$ octavox transcribe ${CLIP}`, "ui-monospace, Menlo, Consolas, monospace")}
<path d="${waveform(peaks(samples), 62)}" stroke="#4cc2a0" stroke-width="2.4" stroke-linecap="round"/>
${line(192, 20, "#f2f5f8", text)}
${line(224, 14, "#8fa3b8", `${text1}  ·  ${text2}`)}
</svg>
`;
writeFileSync(join(root, "docs/transcript.svg"), svg);

/** The loudest sample of each bar, 0…1 of the loudest of all. */
function peaks(audio: Float32Array): number[] {
  const span = audio.length / BARS;
  const bars = Array.from({ length: BARS }, (_, bar) =>
    audio
      .subarray(bar * span, (bar + 1) * span)
      .reduce((most, sample) => Math.max(most, Math.abs(sample)), 0),
  );
  const most = Math.max(...bars);
  return bars.map((bar) => bar / most);
}

function waveform(bars: readonly number[], top: number): string {
  const step = (WIDTH - 2 * MARGIN) / (bars.length - 1);
  return bars
    .map((bar, index) => {
      const [x, half] = [MARGIN + index * step, Math.max(0.6, (bar * WAVE) / 2)];
      return `M${x.toFixed(1)} ${(top + WAVE / 2 - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    })
    .join("");
}
