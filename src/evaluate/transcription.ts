// A recogniser against recordings whose words are known: word error rate, and real-time factor.

import type { AudioClip } from "../audio/audio.ts";
import type { Recognizer } from "../speech/recognizer.ts";
import { type Cost, costOf, forEachItem, type RunOptions } from "./items.ts";
import { addWordErrors, countWordErrors, type WordErrors, wordErrorRate } from "./wer.ts";
import { words } from "./words.ts";

/** A recording, read when its turn comes. */
export interface SpokenItem {
  id: string;
  reference: string;
  load(): Promise<AudioClip>;
}

export interface ItemResult extends WordErrors {
  id: string;
  reference: string;
  text: string;
}

export interface WerResult extends WordErrors, Cost {
  items: number;
  metric: "wer";
  /** In percent. */
  value: number;
}

export interface EvaluateOptions extends RunOptions {
  onItem?: ((item: ItemResult) => void) | undefined;
}

/** @throws what reading a recording throws; the signal's reason when aborted, unless `partial` */
export async function evaluateTranscription(
  recognizer: Pick<Recognizer, "transcribe">,
  items: readonly SpokenItem[],
  { onItem, ...options }: EvaluateOptions = {},
): Promise<WerResult> {
  let errors: WordErrors = { words: 0, substitutions: 0, insertions: 0, deletions: 0 };
  let [audioSeconds, processingSeconds] = [0, 0];
  const hear = async ({ id, reference, load }: SpokenItem): Promise<void> => {
    const { samples, sampleRate } = await load();
    const transcript = await recognizer.transcribe(samples, { sampleRate, signal: options.signal });
    const own = countWordErrors(words(reference), words(transcript.text));
    errors = addWordErrors(errors, own);
    audioSeconds += transcript.audioSeconds;
    processingSeconds += transcript.processingSeconds;
    onItem?.({ id, reference, text: transcript.text, ...own });
  };
  const count = await forEachItem(items, hear, options);
  const value = wordErrorRate(errors);
  return { items: count, metric: "wer", value, ...errors, ...costOf(audioSeconds, processingSeconds) };
}
