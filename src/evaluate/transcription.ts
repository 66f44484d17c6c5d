// A recogniser against recordings whose words are known: word error rate, and real-time factor.

import type { AudioClip } from "../audio/audio.ts";
import type { Recognizer } from "../speech/recognizer.ts";
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

export interface WerResult extends WordErrors {
  items: number;
  metric: "wer";
  /** In percent. */
  value: number;
  audioSeconds: number;
  processingSeconds: number;
  /** Processing time ÷ audio time; reading and decoding the files is not counted. */
  rtf: number;
}

export interface EvaluateOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  onItem?: ((item: ItemResult) => void) | undefined;
}

/** @throws what reading a recording throws; the signal's reason when aborted */
export async function evaluateTranscription(
  recognizer: Pick<Recognizer, "transcribe">,
  items: readonly SpokenItem[],
  { signal, onProgress, onItem }: EvaluateOptions = {},
): Promise<WerResult> {
  let errors: WordErrors = { words: 0, substitutions: 0, insertions: 0, deletions: 0 };
  let [audioSeconds, processingSeconds] = [0, 0];
  for (const [index, { id, reference, load }] of items.entries()) {
    onProgress?.({ done: index, total: items.length });
    const { samples, sampleRate } = await load();
    const transcript = await recognizer.transcribe(samples, { sampleRate, signal });
    const own = countWordErrors(words(reference), words(transcript.text));
    errors = addWordErrors(errors, own);
    audioSeconds += transcript.audioSeconds;
    processingSeconds += transcript.processingSeconds;
    onItem?.({ id, reference, text: transcript.text, ...own });
  }
  onProgress?.({ done: items.length, total: items.length });
  const rtf = audioSeconds === 0 ? 0 : processingSeconds / audioSeconds;
  const value = wordErrorRate(errors);
  return { items: items.length, metric: "wer", value, ...errors, audioSeconds, processingSeconds, rtf };
}
