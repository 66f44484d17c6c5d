// What a front end is, as data: every number and choice between samples and the matrix a model takes. Named ones
// are in `presets.ts`; a model's file names one and what it does otherwise.

/** Cosine windows; "povey" is a Hann window to the power 0.85. */
export const windowKinds = ["hann", "hamming", "povey", "rectangular"] as const;
export type WindowKind = (typeof windowKinds)[number];

/** Where frames lie; see {@link FeaturePreset.edges}. */
export const edgeKinds = ["inside", "reflect", "mirror"] as const;
export type EdgeKind = (typeof edgeKinds)[number];

export interface FeaturePreset {
  /** Of the samples, in Hz. */
  sampleRate: number;
  /** `length` in samples, at most `fft`; periodic windows divide by the length, symmetric ones by one less. */
  window: { kind: WindowKind; length: number; periodic: boolean };
  /** Samples from one frame to the next. */
  hop: number;
  /** Size of the transform: even, without prime factors beyond 5. */
  fft: number;
  /**
   * "inside": frame f begins at sample f·hop, and no frame reaches past the end. "reflect": the middle of frame f
   * is sample f·hop; beyond the ends the clip runs backwards, its end sample not repeated. "mirror": the middle is
   * at (f + ½)·hop; beyond the ends the clip runs backwards, its end sample repeated (Kaldi without snip-edges).
   */
  edges: EdgeKind;
  /** Leaves out the last frame of the clip. */
  dropLast: boolean;
  /** Samples are multiplied by this: 32768 for models trained on 16-bit integers. Part of the window's values. */
  scale: number;
  /** Subtracts each frame's mean. */
  removeMean: boolean;
  /** x[i] − preEmphasis·x[i−1] within a frame, x[−1] being x[0]; 0 for none. */
  preEmphasis: number;
  spectrum: "power" | "magnitude";
  /**
   * Triangular filters, their corners evenly spaced on a mel scale from `low` to `high` Hz. "htk": 1127·ln(1 + f/700);
   * "slaney": f·3/200 below 1 kHz, logarithmic above. Sides straight over hertz or over mel. Norm "none": the peak is
   * 1; "slaney": 2 divided by the width in Hz.
   */
  mel: {
    bands: number;
    low: number;
    high: number;
    scale: "htk" | "slaney";
    triangles: "hertz" | "mel";
    norm: "none" | "slaney";
  };
  /** log(max(x, floor) + offset) */
  log: { base: "e" | "10"; floor: number; offset: number };
  /**
   * DCT-II of the logarithms, `count` coefficients: √(2/bands)·Σ x[j]·cos(π/bands·i·(j + ½)). Norm "orthonormal"
   * has the first one divided by √2, "uniform" has not. Null for none.
   */
  dct: { count: number; norm: "orthonormal" | "uniform" } | null;
  /** What happens to the whole matrix at the clip's end. */
  clip: ClipStep;
}

export type ClipStep =
  | { step: "none" }
  /** (x − mean)/max(deviation, leastDeviation), with the unbiased deviation of all values. */
  | { step: "z-score"; leastDeviation: number }
  /** (max(x, greatest − range) + add)/divide */
  | { step: "peak-range"; range: number; add: number; divide: number };

/** Parts of a preset that replace those of a named one; groups of numbers may be given in part. */
export type FeatureOverrides = {
  [Name in keyof FeaturePreset]?: FeaturePreset[Name] extends object
    ? Partial<FeaturePreset[Name]>
    : FeaturePreset[Name];
} & { dct?: Partial<NonNullable<FeaturePreset["dct"]>> | null; clip?: ClipStep };

/** A front end by name, with what differs. */
export type FeatureSpec = { preset: string } & FeatureOverrides;
