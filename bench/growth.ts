// Longer and longer audio through one recogniser, and more and more speakers at once: time should grow with the audio.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { addWordErrors, countWordErrors, readRefs, wordErrorRate, words } from "../src/evaluate/index.ts";
import { keepMemorySmall, loadRecognizer } from "../src/host/index.ts";
import { decodeAudio, type Recognizer, toMono16k } from "../src/index.ts";
import { ownTime } from "./clock.ts";

const RATE = 16_000;
const samplesFolder = join(import.meta.dirname, "../samples");
/** Word errors of the samples in percent, above which nothing is measured: the recogniser is not the one we know. */
const MOST_ERRORS = 15;

interface Clip {
  readonly samples: Float32Array;
  readonly said: string;
}

export interface LengthResult {
  audioSeconds: number;
  /** Of the processor. */
  processingSeconds: number;
  segments: number;
}

export interface StreamsResult {
  streams: number;
  audioSeconds: number;
  processingSeconds: number;
  /** From the end of everybody's sentence until the last of the texts is there. */
  longestWait: number;
}

export interface GrowthResult {
  lengths: LengthResult[];
  streams: StreamsResult[];
}

export interface GrowthOptions {
  /** Of audio in seconds, in rising order. */
  readonly lengths: readonly number[];
  readonly streams: readonly number[];
  onProgress?(done: number, total: number, label: string): void;
}

export async function measureGrowth(options: GrowthOptions): Promise<GrowthResult> {
  keepMemorySmall(); // As the command line does.
  using recognizer = await loadRecognizer("moonshine-tiny");
  const clips = await readClips();
  const texts = await checkedTexts(recognizer, clips);
  const lengths = await measureLengths(recognizer, clips, options);
  return { lengths, streams: await measureStreams(recognizer, clips, texts, options) };
}

async function measureLengths(
  recognizer: Recognizer,
  clips: readonly Clip[],
  { lengths, onProgress }: GrowthOptions,
): Promise<LengthResult[]> {
  const speech = repeated(clips, lengths.at(-1)!);
  const total = lengths.reduce((sum, length) => sum + length, 0);
  await recognizer.transcribe(speech.subarray(0, 30 * RATE)); // Warm, and at its largest piece.
  const results: LengthResult[] = [];
  let before = 0;
  for (const length of lengths) {
    const done = before;
    const started = ownTime();
    const { segments, audioSeconds } = await recognizer.transcribe(speech.subarray(0, length * RATE), {
      onProgress: (progress) => onProgress?.(done + progress.done, total, `${length} s`),
    });
    const processingSeconds = (ownTime() - started) / 1000;
    results.push({ audioSeconds, processingSeconds, segments: segments.length });
    before += length;
  }
  return results;
}

/** So many people have said a sentence and wait for it; one recogniser serves them in turn. */
async function measureStreams(
  recognizer: Recognizer,
  clips: readonly Clip[],
  texts: readonly string[],
  { streams, onProgress }: GrowthOptions,
): Promise<StreamsResult[]> {
  const results: StreamsResult[] = [];
  for (const [index, count] of streams.entries()) {
    onProgress?.(index, streams.length, `${count} streams`);
    const [started, spent] = [performance.now(), ownTime()];
    const heard = await Promise.all(
      Array.from({ length: count }, async (_, stream) => {
        const clip = stream % clips.length;
        const { text, audioSeconds } = await recognizer.transcribe(clips[clip].samples);
        if (text !== texts[clip])
          throw new Error(`beside ${count - 1} others: “${text}”, alone: “${texts[clip]}”`);
        return { audioSeconds, waited: performance.now() - started };
      }),
    );
    results.push({
      streams: count,
      audioSeconds: heard.reduce((sum, { audioSeconds }) => sum + audioSeconds, 0),
      processingSeconds: (ownTime() - spent) / 1000,
      longestWait: Math.max(...heard.map(({ waited }) => waited)) / 1000,
    });
  }
  return results;
}

async function readClips(): Promise<Clip[]> {
  const refs = readRefs(readFileSync(join(samplesFolder, "refs.tsv"), "utf8"));
  return Promise.all(
    refs.map(async ({ id, text }) => ({
      samples: toMono16k(await decodeAudio(readFileSync(join(samplesFolder, `${id}.wav`)))),
      said: text,
    })),
  );
}

/** What is heard in each clip alone, compared with what was said. */
async function checkedTexts(recognizer: Recognizer, clips: readonly Clip[]): Promise<string[]> {
  const texts: string[] = [];
  for (const { samples } of clips) texts.push((await recognizer.transcribe(samples)).text);
  const errors = texts.map((text, i) => countWordErrors(words(clips[i].said), words(text)));
  const rate = wordErrorRate(errors.reduce(addWordErrors));
  if (rate > MOST_ERRORS)
    throw new Error(`the recogniser mishears ${rate.toFixed(1)} % of the samples' words`);
  return texts;
}

/** The samples one after the other, with half a second between them, until there is enough. */
function repeated(clips: readonly Clip[], seconds: number): Float32Array {
  const audio = new Float32Array(seconds * RATE);
  for (let at = 0, turn = 0; at < audio.length; turn++) {
    const { samples } = clips[turn % clips.length];
    audio.set(samples.subarray(0, audio.length - at), at);
    at += samples.length + RATE / 2;
  }
  return audio;
}
