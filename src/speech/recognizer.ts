// The recogniser: audio → pieces between pauses → encoder → tokens, one at a time → text. It knows no model by name;
// what it needs to know of one is in the packed file's metadata.

import { checkSamples } from "../audio/check.ts";
import { cutAtPauses, isSilent, type Piece } from "../audio/pauses.ts";
import { resample } from "../audio/resample.ts";
import { repeats } from "../decode/repetition.ts";
import { Vocabulary } from "../decode/tokens.ts";
import type { Model } from "../model/graph.ts";
import type { KernelChoice } from "../runtime/choose.ts";
import type { ModelFile } from "../runtime/load.ts";
import { InferenceSession, type SessionOptions } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import { type DecodingSettings, readSettings } from "./settings.ts";

export interface TranscribeOptions {
  /** Samples a second of the audio given; 16000 by default. Other rates are resampled. */
  sampleRate?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Seconds of audio done and in all. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  onSegment?: ((segment: Segment) => void) | undefined;
}

/** A stretch of speech; times in seconds from the beginning of the audio. */
export interface Segment {
  start: number;
  end: number;
  text: string;
}

export interface Transcript {
  text: string;
  segments: Segment[];
  audioSeconds: number;
  processingSeconds: number;
  /** Real-time factor: processing time ÷ audio time; 0 for empty audio. */
  rtf: number;
}

/** How long a call may compute before it lets other work (and an abort) through, in milliseconds. */
const LONGEST_STRETCH = 40;

export class Recognizer {
  readonly settings: DecodingSettings;
  private readonly session: InferenceSession;
  private readonly vocabulary: Vocabulary;
  private lastPause = 0;
  private lastTurn: Promise<unknown> = Promise.resolve();

  private constructor(session: InferenceSession) {
    this.session = session;
    const { settings, vocabulary } = readSettings(session.model);
    this.settings = settings;
    this.vocabulary = new Vocabulary(vocabulary);
  }

  /**
   * @param model a packed recogniser (`.ovx`), as bytes or as a file that is read in parts; or one in memory
   * @throws OctavoxError `format` when the bytes are not a packed recogniser
   */
  static async load(
    model: Uint8Array | ModelFile | Model,
    options: SessionOptions = {},
  ): Promise<Recognizer> {
    return new Recognizer(await InferenceSession.create(model, options));
  }

  /** The kernels in use. */
  get kernels(): KernelChoice {
    return this.session.kernels;
  }

  get threads(): number {
    return this.session.threads;
  }

  /** Why slower kernels than those asked for are in use, when that is so. */
  get notice(): string | undefined {
    return this.session.notice;
  }

  /**
   * Calls that come while another is at work wait for their turn.
   * @param samples mono, −1…1; they must stay as they are until the call ends
   * @throws OctavoxError `argument` for NaN or infinite samples, saying where; the signal's reason when aborted
   */
  async transcribe(samples: Float32Array, options: TranscribeOptions = {}): Promise<Transcript> {
    checkSamples(samples, { sampleRate: options.sampleRate ?? this.settings.sampleRate });
    // One recording after the other: the decoder's caches belong to one piece of audio at a time.
    const turn = this.lastTurn.then(() => this.transcribeNow(samples, options));
    this.lastTurn = turn.catch(() => {});
    return turn;
  }

  private async transcribeNow(samples: Float32Array, options: TranscribeOptions): Promise<Transcript> {
    const { sampleRate = this.settings.sampleRate, signal, onProgress, onSegment } = options;
    signal?.throwIfAborted();
    const started = performance.now();
    const rate = this.settings.sampleRate;
    const audio = sampleRate === rate ? samples : resample(samples, sampleRate, rate);
    const segments: Segment[] = [];
    for (const { start, end } of this.cut(audio)) {
      await this.breathe(signal);
      const piece = audio.subarray(start, end);
      const text = isSilent(piece) ? "" : await this.transcribePiece(piece, signal);
      const segment = { start: start / rate, end: end / rate, text };
      if (text !== "") {
        segments.push(segment);
        onSegment?.(segment);
      }
      onProgress?.({ done: end / rate, total: audio.length / rate });
    }
    const audioSeconds = samples.length / sampleRate;
    const processingSeconds = (performance.now() - started) / 1000;
    const rtf = audioSeconds === 0 ? 0 : processingSeconds / audioSeconds;
    return {
      text: segments.map((segment) => segment.text).join(" "),
      segments,
      audioSeconds,
      processingSeconds,
      rtf,
    };
  }

  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  private cut(audio: Float32Array): Piece[] {
    const { sampleRate, maxSeconds, pieceSeconds } = this.settings;
    const whole = audio.length <= maxSeconds * sampleRate;
    return cutAtPauses(audio, sampleRate, { maxSeconds: whole ? maxSeconds : pieceSeconds });
  }

  private async transcribePiece(piece: Float32Array, signal: AbortSignal | undefined): Promise<string> {
    this.session.resetStates();
    await this.encode(piece);
    const tokens = await this.decode(piece.length / this.settings.sampleRate, signal);
    return this.vocabulary.decode(tokens);
  }

  /** Hears a piece: what the decoder needs of it are states then. */
  private async encode(piece: Float32Array): Promise<void> {
    const { sampleRate, minSeconds } = this.settings;
    const least = Math.ceil(minSeconds * sampleRate);
    const padded = piece.length < least ? new Float32Array(least) : piece;
    if (padded !== piece) padded.set(piece);
    const [input] = this.session.inputs("encoder");
    const samples = new Tensor("float32", padded, [1, padded.length]);
    await this.session.run({ [input.name]: samples }, { graph: "encoder" });
  }

  /** Greedy: the likeliest token each time, until the end token, the most tokens speech can have, or a loop. */
  private async decode(seconds: number, signal: AbortSignal | undefined): Promise<number[]> {
    const { startToken, endToken, tokensPerSecond } = this.settings;
    const most = Math.max(1, Math.ceil(seconds * tokensPerSecond));
    const tokens: number[] = [];
    let token = await this.next(startToken);
    while (token !== endToken && tokens.length < most) {
      tokens.push(token);
      const dropped = repeats(tokens);
      if (dropped > 0) return tokens.slice(0, tokens.length - dropped);
      await this.breathe(signal);
      token = await this.next(token);
    }
    return tokens;
  }

  private async next(token: number): Promise<number> {
    const [input] = this.session.inputs("step");
    const feeds = { [input.name]: new Tensor("int64", [token], [1, 1]) };
    const [logits] = Object.values(await this.session.run(feeds, { graph: "step" }));
    return indexOfLargest(logits.data as Float32Array);
  }

  /** Now and then gives way to the event loop, so that a page stays alive and an abort is heard. */
  private async breathe(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (performance.now() - this.lastPause < LONGEST_STRETCH) return;
    await new Promise((resume) => setTimeout(resume));
    this.lastPause = performance.now();
    signal?.throwIfAborted();
  }
}

/** The first of the largest values. */
function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
