// A keyword model: samples → front end → graph → a score for each of its labels. It knows no model by name; labels,
// length and front end are in the packed file's metadata.

import type { AudioClip } from "../audio/audio.ts";
import { checkSamples } from "../audio/check.ts";
import { resample } from "../audio/resample.ts";
import { OctavoxError } from "../errors.ts";
import type { FeatureMatrix, FrontEnd } from "../features/index.ts";
import type { Model } from "../model/graph.ts";
import { softmax } from "../reference/rows.ts";
import type { KernelChoice } from "../runtime/choose.ts";
import type { ModelFile } from "../runtime/load.ts";
import { InferenceSession, type SessionOptions } from "../runtime/session.ts";
import { Tensor } from "../tensor/tensor.ts";
import type { FeatureInput, KeywordSettings } from "./keyword-settings.ts";

type Settings = typeof import("./keyword-settings.ts");

export interface KeywordOptions extends SessionOptions {
  /** For a model whose file does not describe itself; in the place of its metadata. */
  settings?: KeywordSettings | undefined;
}

export interface Classification {
  /** The likeliest label; the first of several. */
  label: string;
  /** Its probability. */
  score: number;
  /** Probabilities in the order of the labels; their sum is 1. */
  scores: Float32Array;
}

export interface ClassifyOptions {
  /** Samples a second of the audio given; the model's own by default. Other rates are resampled. */
  sampleRate?: number | undefined;
  signal?: AbortSignal | undefined;
}

export class KeywordModel {
  readonly labels: readonly string[];
  /** Samples that the model hears at once. */
  readonly samples: number;
  /** In Hz. */
  readonly sampleRate: number;
  readonly frontEnd: FrontEnd;
  private readonly session: InferenceSession;
  private readonly input: FeatureInput;
  private readonly toScores: (output: Float32Array) => Float32Array;
  private readonly bandsFirst: (matrix: FeatureMatrix) => Float32Array;

  private constructor(
    session: InferenceSession,
    { labels, samples, sampleRate }: KeywordSettings,
    frontEnd: FrontEnd,
    bandsFirst: (matrix: FeatureMatrix) => Float32Array,
    { onlyGraph, featureInput, givesProbabilities }: Settings,
  ) {
    const rate = frontEnd.preset.sampleRate;
    if (sampleRate !== undefined && sampleRate !== rate)
      throw new OctavoxError("format", "sampleRate of the model", {
        expected: `the front end's, ${rate}`,
        found: `${sampleRate}`,
      });
    const graph = onlyGraph(session.model);
    this.labels = labels;
    this.samples = samples;
    this.sampleRate = rate;
    this.frontEnd = frontEnd;
    this.session = session;
    this.input = featureInput(session.inputs(graph.name), frontEnd.framesOf(samples), frontEnd.width);
    this.toScores = givesProbabilities(graph)
      ? (output) => output
      : (output) => softmax(output, output.length);
    this.bandsFirst = bandsFirst;
  }

  /**
   * @param model a packed model (`.ovx`), as bytes or as a file that is read in parts; or one in memory
   * @throws OctavoxError `format` when it is no keyword model
   */
  static async load(
    model: Uint8Array | ModelFile | Model,
    { settings, ...options }: KeywordOptions = {},
  ): Promise<KeywordModel> {
    const session = await InferenceSession.create(model, options);
    try {
      // Pages that only transcribe load neither what keyword models say of themselves nor front ends.
      const how = await import("./keyword-settings.ts");
      const described = how.readKeywordSettings(
        settings ? { ...settings, task: "keywords" } : session.model.metadata,
      );
      const { bandsFirst, loadFeatures } = await import("../features/index.ts");
      const kernels = session.kernels === "reference" ? "reference" : "simd";
      const frontEnd = await loadFeatures(described.features, { kernels });
      return new KeywordModel(session, described, frontEnd, bandsFirst, how);
    } catch (error) {
      session.dispose();
      throw error;
    }
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
   * What is said in a clip. A shorter one than the model hears at once is followed by silence; of a longer one the
   * beginning counts.
   * @param samples mono, full scale ±1
   * @throws OctavoxError `argument` for NaN or infinite samples, saying where; the signal's reason when aborted
   */
  async classify(samples: Float32Array, options: ClassifyOptions = {}): Promise<Classification> {
    const { sampleRate = this.sampleRate, signal } = options;
    signal?.throwIfAborted();
    checkSamples(samples, { sampleRate });
    const audio = this.fill(this.atItsRate({ samples, sampleRate }));
    const scores = await this.scoresOf(this.frontEnd.run(audio));
    const best = indexOfLargest(scores);
    return { label: this.labels[best], score: scores[best], scores };
  }

  /** A clip's samples at the model's rate; the same array where it has that. */
  atItsRate({ samples, sampleRate }: AudioClip): Float32Array {
    return sampleRate === this.sampleRate ? samples : resample(samples, sampleRate, this.sampleRate);
  }

  /** Probabilities of the labels for the features of as many samples as the model hears. */
  async scoresOf(matrix: FeatureMatrix): Promise<Float32Array> {
    return this.toScores(await this.outputOf(matrix));
  }

  /** What the graph itself gives: logits or probabilities, one for each label. */
  async outputOf(matrix: FeatureMatrix): Promise<Float32Array> {
    const { name, dims, bandsFirst } = this.input;
    const data = bandsFirst ? this.bandsFirst(matrix) : matrix.data;
    const [output] = Object.values(await this.session.run({ [name]: new Tensor("float32", data, dims) }));
    if (output?.dtype === "float32" && output.size === this.labels.length) return output.data as Float32Array;
    throw new OctavoxError("format", "the graph's first output", {
      expected: `a float32 for each of ${this.labels.length} labels`,
      found: output ? `${output.dtype} [${output.dims.join(", ")}]` : "none",
    });
  }

  dispose(): void {
    this.session.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  private fill(audio: Float32Array): Float32Array {
    if (audio.length >= this.samples) return audio.subarray(0, this.samples);
    const filled = new Float32Array(this.samples);
    filled.set(audio);
    return filled;
  }
}

/** The first of the largest values. */
function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
