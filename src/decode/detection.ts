// From scores of overlapping windows to words found: scores are averaged over the last few windows, and a label whose
// average reaches the threshold is found once.

export interface DetectionSettings {
  /** Indices of the labels that are looked for. */
  wanted: readonly number[];
  /** Windows that are averaged; of a stream's first ones, those there are. */
  smoothing: number;
  /** Least average of the scores, 0…1. */
  threshold: number;
  /** For so many seconds after a word was found no other is. */
  refractory: number;
}

export interface Found {
  /** Index of the label. */
  index: number;
  /** Its averaged score. */
  score: number;
}

export class Detector {
  private readonly settings: DetectionSettings;
  /** Scores of the last windows, the oldest first. */
  private recent: Float32Array[] = [];
  private lastTime = Number.NEGATIVE_INFINITY;
  /** The word found last, as long as its average has not fallen below the threshold: it is still the same word. */
  private sounding: number | undefined;

  constructor(settings: DetectionSettings) {
    this.settings = settings;
  }

  /**
   * @param scores of a window, one for each label
   * @param time where the window ends, in seconds; later than the one before
   */
  accept(scores: Float32Array, time: number): Found | undefined {
    const { wanted, smoothing, threshold, refractory } = this.settings;
    if (this.recent.length === smoothing) this.recent.shift();
    this.recent.push(scores);
    if (this.sounding !== undefined && this.average(this.sounding) < threshold) this.sounding = undefined;
    const { index, score } = this.best(wanted);
    if (score < threshold || index === this.sounding || time - this.lastTime < refractory) return undefined;
    this.lastTime = time;
    this.sounding = index;
    return { index, score };
  }

  reset(): void {
    this.recent = [];
    this.lastTime = Number.NEGATIVE_INFINITY;
    this.sounding = undefined;
  }

  private best(wanted: readonly number[]): Found {
    return wanted
      .map((index) => ({ index, score: this.average(index) }))
      .reduce((best, each) => (each.score > best.score ? each : best));
  }

  private average(index: number): number {
    return this.recent.reduce((sum, scores) => sum + scores[index], 0) / this.recent.length;
  }
}
