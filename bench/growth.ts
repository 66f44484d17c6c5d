// Longer and longer audio through one recogniser: time should grow with it, memory should not.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readRefs } from "../src/evaluate/index.ts";
import { keepYoungSpaceSmall, loadRecognizer } from "../src/host/index.ts";
import { decodeAudio, toMono16k } from "../src/index.ts";

const RATE = 16_000;
const samplesFolder = join(import.meta.dirname, "../samples");

export interface GrowthResult {
  audioSeconds: number;
  processingSeconds: number;
  rtf: number;
  segments: number;
  residentMB: number;
}

/** @param lengths of audio in seconds, in rising order */
export async function measureGrowth(
  lengths: readonly number[],
  onProgress?: (done: number, total: number) => void,
): Promise<GrowthResult[]> {
  keepYoungSpaceSmall();
  using recognizer = await loadRecognizer("moonshine-tiny");
  const speech = await repeated(lengths.at(-1)!);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  await recognizer.transcribe(speech.subarray(0, 30 * RATE)); // Warm, and at its largest piece.
  const results: GrowthResult[] = [];
  let before = 0;
  for (const length of lengths) {
    const done = before;
    const { segments, ...rest } = await recognizer.transcribe(speech.subarray(0, length * RATE), {
      onProgress: (progress) => onProgress?.(done + progress.done, total),
    });
    const { audioSeconds, processingSeconds, rtf } = rest;
    const residentMB = process.memoryUsage.rss() / 1e6;
    results.push({ audioSeconds, processingSeconds, rtf, segments: segments.length, residentMB });
    before += length;
  }
  return results;
}

/** The samples one after the other, with half a second between them, until there is enough. */
async function repeated(seconds: number): Promise<Float32Array> {
  const refs = readRefs(readFileSync(join(samplesFolder, "refs.tsv"), "utf8"));
  const clips = await Promise.all(
    refs.map(async ({ id }) => toMono16k(await decodeAudio(readFileSync(join(samplesFolder, `${id}.wav`))))),
  );
  const audio = new Float32Array(seconds * RATE);
  for (let at = 0, turn = 0; at < audio.length; turn++) {
    const clip = clips[turn % clips.length];
    audio.set(clip.subarray(0, audio.length - at), at);
    at += clip.length + RATE / 2;
  }
  return audio;
}
