// Speaks the sample sentences with flite (Debian: apt-get install flite) and writes samples/*.wav and refs.tsv.
//   node scripts/make-samples.ts

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { resample } from "../src/audio/resample.ts";
import { decodeWav } from "../src/audio/wav.ts";

const SENTENCES: Record<string, string> = {
  garden: "The children planted tomatoes in the garden behind the school.",
  train: "Our train leaves at nine, so we should have breakfast early.",
  ship: "The captain of the ship waited until the storm was over.",
  kitchen: "Close the window before you go to bed, and please turn off the light in the kitchen.",
  market: "She bought a loaf of bread, some milk, and a bag of apples at the market.",
  bridge: "The old bridge was closed for the whole summer this year.",
};

/** Spoken at 16 kHz like the others, but kept as music would be: 44.1 kHz, and stereo with a quieter right side. */
const STEREO = "bridge";

const samplesFolder = join(import.meta.dirname, "../samples");
const work = mkdtempSync(join(tmpdir(), "samples-"));
for (const [id, sentence] of Object.entries(SENTENCES)) {
  const spoken = join(work, `${id}.wav`);
  execFileSync("flite", ["-voice", "slt", "-t", sentence, "-o", spoken]);
  const { samples, sampleRate } = decodeWav(readFileSync(spoken));
  const wide = resample(samples, sampleRate, 44_100);
  const wav = id === STEREO ? wav16([wide, wide.map((x) => x / 2)], 44_100) : wav16([samples], sampleRate);
  writeFileSync(join(samplesFolder, `${id}.wav`), wav);
}
rmSync(work, { recursive: true });

const references = Object.entries(SENTENCES).map(
  ([id, text]) => `${id}\t${text.toLowerCase().replace(/[.,]/g, "")}\n`,
);
writeFileSync(join(samplesFolder, "refs.tsv"), references.join(""));

/** A WAV file of 16-bit integers: the 44 bytes of a plain header, then the channels interleaved. */
function wav16(channels: Float32Array[], sampleRate: number): Uint8Array {
  const blockAlign = 2 * channels.length;
  const size = blockAlign * channels[0].length;
  const view = new DataView(new ArrayBuffer(44 + size));
  const ascii = (at: number, text: string) =>
    [...text].forEach((c, i) => void view.setUint8(at + i, c.charCodeAt(0)));
  ascii(0, "RIFF");
  view.setUint32(4, 36 + size, true);
  ascii(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * blockAlign, true);
  view.setUint16(32, blockAlign, true);
  view.setUint16(34, 16, true);
  ascii(36, "data");
  view.setUint32(40, size, true);
  channels.forEach((samples, channel) => {
    for (let i = 0; i < samples.length; i++) {
      const level = Math.max(-32_768, Math.min(32_767, Math.round(samples[i] * 32_768)));
      view.setInt16(44 + i * blockAlign + channel * 2, level, true);
    }
  });
  return new Uint8Array(view.buffer);
}
