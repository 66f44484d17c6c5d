// Words found in a stream as it arrives: windows → scores → smoothing over windows → detections. What is found does
// not depend on how the stream is cut into pieces.

import { checkSamples } from "../audio/check.ts";
import { type DetectionSettings, Detector } from "../decode/detection.ts";
import { OctavoxError } from "../errors.ts";
import { Breath } from "./breath.ts";
import type { KeywordModel } from "./keywords.ts";
import { SILENCE, UNKNOWN } from "./labels.ts";
import { type Windows, windowsOf } from "./windows.ts";

export interface SpotterOptions {
  /** Milliseconds from one window to the next; front ends whose frames windows share round it to whole frames. */
  hop?: number | undefined;
  /** Windows whose scores are averaged. */
  smoothing?: number | undefined;
  /** Least average score, 0…1. */
  threshold?: number | undefined;
  /** Milliseconds after a word in which no other is found. */
  refractory?: number | undefined;
  /** Words looked for; by default all of the model's labels but `_silence_` and `_unknown_`. */
  labels?: readonly string[] | undefined;
}

export interface Detection {
  label: string;
  /** Averaged over the last windows, 0…1. */
  score: number;
  /** Where the window ends in which the word was found, in seconds from the stream's beginning. */
  time: number;
}

export const spotterDefaults = { hop: 100, smoothing: 4, threshold: 0.7, refractory: 500 } as const;

/** What each may be. */
const ranges: Readonly<Record<keyof typeof spotterDefaults, readonly [lowest: number, highest: number]>> = {
  hop: [1, 60_000],
  smoothing: [1, 1000],
  threshold: [0, 1],
  refractory: [0, 3_600_000],
};

export class KeywordSpotter {
  /** The labels that are looked for. */
  readonly labels: readonly string[];
  /** Milliseconds from one window to the next, as it came out. */
  readonly hop: number;
  private readonly model: KeywordModel;
  private readonly detector: Detector;
  private readonly startWindows: () => Windows;
  private windows: Windows;
  private heard = 0;
  private turn: Promise<unknown> = Promise.resolve();
  private readonly breath = new Breath();

  /**
   * @param model it stays the caller's, and may serve several spotters
   * @throws OctavoxError `argument` for a setting out of range, and for labels that the model has not
   */
  constructor(model: KeywordModel, options: SpotterOptions = {}) {
    const settings = { ...spotterDefaults, ...defined(options) };
    checkRanges(settings);
    const hop = (settings.hop * model.sampleRate) / 1000;
    if (hop > model.samples)
      throw new OctavoxError("argument", "hop", {
        expected: `at most the ${(1000 * model.samples) / model.sampleRate} ms that the model hears at once`,
        found: `${settings.hop}`,
      });
    this.model = model;
    this.labels = options.labels ?? model.labels.filter((label) => label !== SILENCE && label !== UNKNOWN);
    this.detector = new Detector(detection(model, settings, this.labels));
    this.startWindows = () => windowsOf(model.frontEnd, model.samples, hop);
    this.windows = this.startWindows();
    this.hop = (1000 * this.windows.hop) / model.sampleRate;
  }

  /** Seconds heard so far. */
  get time(): number {
    return this.heard / this.model.sampleRate;
  }

  /**
   * Hears further samples, any number of them. Calls wait for their turn.
   * @param samples mono at the model's rate, full scale ±1; they must stay as they are until the call ends
   * @returns words found in the windows that they complete
   * @throws OctavoxError `argument` for NaN or infinite samples, saying where; the signal's reason when aborted,
   *   after which only `reset` helps
   */
  async push(
    samples: Float32Array,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<Detection[]> {
    checkSamples(samples, this.model);
    const turn = this.turn.then(() => this.hear(samples, signal));
    this.turn = turn.catch(() => {});
    return turn;
  }

  /** Ends the stream; what is pushed next begins another. Waits for its turn, as `push` does. */
  async reset(): Promise<void> {
    this.turn = this.turn.then(() => {
      this.windows = this.startWindows();
      this.detector.reset();
      this.heard = 0;
    });
    await this.turn;
  }

  /** A window's worth at a time: what is held does not grow with what is pushed at once. */
  private async hear(samples: Float32Array, signal: AbortSignal | undefined): Promise<Detection[]> {
    const found: Detection[] = [];
    const { model } = this;
    for (let at = 0; at < samples.length; at += model.samples) {
      const piece = samples.subarray(at, at + model.samples);
      this.heard += piece.length;
      for (const { features, end } of this.windows.push(piece)) {
        await this.breath.take(signal);
        const time = end / model.sampleRate;
        const word = this.detector.accept(await model.scoresOf(features), time);
        if (word) found.push({ label: model.labels[word.index], score: word.score, time });
      }
    }
    return found;
  }
}

function defined(options: SpotterOptions): Partial<typeof spotterDefaults> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

function checkRanges(settings: Readonly<Record<keyof typeof spotterDefaults, number>>): void {
  for (const [name, [lowest, highest]] of Object.entries(ranges)) {
    const value = settings[name as keyof typeof ranges];
    const whole = name !== "smoothing" || Number.isInteger(value);
    if (!(value >= lowest && value <= highest && whole))
      throw new OctavoxError("argument", name, {
        expected: `a ${name === "smoothing" ? "whole " : ""}number from ${lowest} to ${highest}`,
        found: `${value}`,
      });
  }
}

/** Settings as the detector takes them: indices and seconds. */
function detection(
  { labels }: KeywordModel,
  { smoothing, threshold, refractory }: Readonly<Record<keyof typeof spotterDefaults, number>>,
  wanted: readonly string[],
): DetectionSettings {
  const unknown = wanted.filter((label) => !labels.includes(label));
  if (unknown.length > 0 || wanted.length === 0)
    throw new OctavoxError("argument", "labels to look for", {
      expected: `some of ${labels.join(", ")}`,
      found: unknown.join(", ") || "none",
    });
  const indices = wanted.map((label) => labels.indexOf(label));
  return { wanted: indices, smoothing, threshold, refractory: refractory / 1000 };
}
