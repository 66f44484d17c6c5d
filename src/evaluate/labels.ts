// A keyword model against recordings whose words are known: accuracy, confusions, and real-time factor.

import type { AudioClip } from "../audio/audio.ts";
import type { KeywordModel } from "../speech/keywords.ts";
import { SILENCE } from "../speech/labels.ts";
import { type Accuracy, type ClassCount, Confusion } from "./confusion.ts";
import { type Cost, costOf, forEachItem, type RunOptions } from "./items.ts";

/** A recording, read when its turn comes. */
export interface LabelledItem {
  id: string;
  /** One of the model's labels. */
  label: string;
  load(): Promise<AudioClip>;
}

export interface HeardItem {
  id: string;
  label: string;
  /** The label the model gave. */
  heard: string;
  /** Its probability. */
  score: number;
}

export interface LabelsResult extends Cost {
  items: number;
  metric: "accuracy";
  /** In percent. */
  value: number;
  perClass: Record<string, ClassCount>;
  /** Without the recordings of `_silence_`; undefined when there are none. */
  withoutSilence: Accuracy | undefined;
  confusion: Confusion;
}

export interface LabelsOptions extends RunOptions {
  onItem?: ((item: HeardItem) => void) | undefined;
}

/** @throws what reading a recording throws; the signal's reason when aborted, unless `partial` */
export async function evaluateLabels(
  model: Pick<KeywordModel, "classify" | "labels">,
  items: readonly LabelledItem[],
  { onItem, ...options }: LabelsOptions = {},
): Promise<LabelsResult> {
  const confusion = new Confusion(model.labels);
  let [audioSeconds, processingSeconds] = [0, 0];
  const hear = async ({ id, label, load }: LabelledItem): Promise<void> => {
    const { samples, sampleRate } = await load();
    const started = performance.now();
    const { label: heard, score } = await model.classify(samples, { sampleRate, signal: options.signal });
    processingSeconds += (performance.now() - started) / 1000;
    audioSeconds += samples.length / sampleRate;
    confusion.add(label, heard);
    onItem?.({ id, label, heard, score });
  };
  await forEachItem(items, hear, options);
  const { items: count, value } = confusion.accuracy();
  const others = confusion.accuracy({ without: SILENCE });
  return {
    ...{ items: count, metric: "accuracy", value, perClass: confusion.perClass() },
    withoutSilence: others.items === count ? undefined : others,
    confusion,
    ...costOf(audioSeconds, processingSeconds),
  };
}
