// Words found in a stream against the words that are in it: labelled clips, one behind the other with gaps between
// them, and what a spotter makes of that.

import { resample } from "../audio/resample.ts";
import type { Detection, KeywordSpotter } from "../speech/spotter.ts";
import { seeded } from "./choice.ts";
import { type Cost, costOf, forEachItem, type RunOptions } from "./items.ts";
import type { LabelledItem } from "./labels.ts";

/** A clip's place in a stream, in seconds. */
export interface Spoken {
  label: string;
  start: number;
  end: number;
}

export interface SpottingErrors {
  /** Words looked for that were said. */
  words: number;
  /** Words found while they were said, each once. */
  hits: number;
  misses: number;
  /** Words found that were not said there; a word found twice is found once too often. */
  falseAlarms: number;
}

/**
 * Compares what was found with what was said. A word may be found until `grace` seconds after its clip: the last
 * windows that hear it end later.
 * @param wanted labels looked for; clips of others, in which nothing should be found, are no words
 */
export function countSpottingErrors(
  spoken: readonly Spoken[],
  found: readonly Detection[],
  { wanted, grace = 0.5 }: { wanted: readonly string[]; grace?: number | undefined },
): SpottingErrors {
  const words = spoken.filter(({ label }) => wanted.includes(label));
  const heard = new Set<Spoken>();
  for (const { label, time } of found) {
    const word = words.find(
      (each) => each.label === label && !heard.has(each) && time >= each.start && time <= each.end + grace,
    );
    if (word) heard.add(word);
  }
  const hits = heard.size;
  return { words: words.length, hits, misses: words.length - hits, falseAlarms: found.length - hits };
}

export interface SpottingResult extends SpottingErrors, Cost {
  /** Clips in the stream. */
  items: number;
  metric: "hits";
  /** Hits ÷ words, in percent; 0 without words. */
  value: number;
  falseAlarmsPerHour: number;
}

export interface SpottingOptions extends RunOptions, StreamOptions {
  /** Labels looked for: the spotter's. */
  wanted: readonly string[];
}

/**
 * Plays labelled clips to a spotter as one stream.
 * @throws what reading a clip throws; the signal's reason when aborted, unless `partial`
 */
export async function evaluateSpotting(
  spotter: Pick<KeywordSpotter, "push">,
  items: readonly LabelledItem[],
  options: SpottingOptions,
): Promise<SpottingResult> {
  const { signal, wanted, sampleRate } = options;
  const stream = streamOf(items, options);
  const spoken: Spoken[] = [];
  const found: Detection[] = [];
  let [heard, processingSeconds] = [0, 0];
  const hear = async (): Promise<void> => {
    const { value } = await stream.next();
    if (!value) return;
    const started = performance.now();
    found.push(...(await spotter.push(value.samples, { signal })));
    processingSeconds += (performance.now() - started) / 1000;
    heard += value.samples.length;
    if (value.spoken) spoken.push(value.spoken);
  };
  const count = await forEachItem(items, hear, options);
  if (count === items.length) await hear();
  const errors = countSpottingErrors(spoken, found, { wanted });
  const audioSeconds = heard / sampleRate;
  return {
    ...{ items: count, metric: "hits", value: (100 * errors.hits) / Math.max(1, errors.words), ...errors },
    falseAlarmsPerHour: audioSeconds === 0 ? 0 : (3600 * errors.falseAlarms) / audioSeconds,
    ...costOf(audioSeconds, processingSeconds),
  };
}

export interface StreamOptions {
  /** Of the stream, in Hz. */
  sampleRate: number;
  /** Least and greatest length of a gap, in seconds. */
  gap?: readonly [least: number, greatest: number] | undefined;
  /** Greatest sample of the noise in the gaps; 0 for digital silence. */
  noise?: number | undefined;
  seed?: number | undefined;
}

/** Quiet, but no digital silence: about −60 dB of full scale. */
const ROOM = 0.0017;

/**
 * Clips one behind the other, with gaps of noise before, between and after them; a piece of the stream for each clip
 * and one for the end.
 */
export async function* streamOf(
  items: readonly LabelledItem[],
  { sampleRate, gap: [least, greatest] = [0.5, 1.5], noise = ROOM, seed = 1 }: StreamOptions,
): AsyncGenerator<{ samples: Float32Array; spoken?: Spoken }> {
  const random = seeded(seed);
  const gap = (): Float32Array => {
    const length = Math.round((least + (greatest - least) * random()) * sampleRate);
    return Float32Array.from({ length }, () => noise * (2 * random() - 1));
  };
  let sent = 0;
  for (const { label, load } of items) {
    const clip = await load();
    const word = resample(clip.samples, clip.sampleRate, sampleRate);
    const before = gap();
    const samples = new Float32Array(before.length + word.length);
    samples.set(before);
    samples.set(word, before.length);
    const start = (sent + before.length) / sampleRate;
    sent += samples.length;
    yield { samples, spoken: { label, start, end: sent / sampleRate } };
  }
  const last = new Float32Array(sampleRate).map(() => noise * (2 * random() - 1));
  yield { samples: last };
}
