// The front ends of published speech models, as their training programs compute them.

import type { FeaturePreset } from "./preset.ts";

const RATE = 16_000;

export const presets = {
  /**
   * TensorFlow's AudioSpectrogram and Mfcc with the settings of its Speech Commands tutorial in ARM's version:
   * 40 ms frames every 20 ms (or 40 ms: `hop: 640`), 10 coefficients.
   */
  "tf-mfcc": {
    sampleRate: RATE,
    window: { kind: "hann", length: 640, periodic: true },
    hop: 320,
    fft: 1024,
    edges: "inside",
    dropLast: false,
    scale: 1,
    removeMean: false,
    preEmphasis: 0,
    spectrum: "magnitude",
    mel: { bands: 40, low: 20, high: 4000, scale: "htk", triangles: "mel", norm: "none" },
    log: { base: "e", floor: 1e-12, offset: 0 },
    dct: { count: 10, norm: "uniform" },
    clip: { step: "none" },
  },
  /** torchaudio's MelSpectrogram as Moonshine's SpellingCNN was trained with it; a second of audio gives 128 frames. */
  "moonshine-logmel": {
    sampleRate: RATE,
    window: { kind: "hann", length: 512, periodic: true },
    hop: 125,
    fft: 512,
    edges: "reflect",
    dropLast: true,
    scale: 1,
    removeMean: false,
    preEmphasis: 0,
    spectrum: "power",
    mel: { bands: 64, low: 20, high: 8000, scale: "slaney", triangles: "hertz", norm: "slaney" },
    log: { base: "e", floor: 0, offset: 1e-6 },
    dct: null,
    clip: { step: "z-score", leastDeviation: 1e-3 },
  },
  /** Kaldi's compute-fbank-feats: its defaults but for 80 bands and no dither. */
  "kaldi-fbank": {
    sampleRate: RATE,
    window: { kind: "povey", length: 400, periodic: false },
    hop: 160,
    fft: 512,
    edges: "inside",
    dropLast: false,
    scale: 32768,
    removeMean: true,
    preEmphasis: 0.97,
    spectrum: "power",
    mel: { bands: 80, low: 20, high: 8000, scale: "htk", triangles: "mel", norm: "none" },
    // The distance from 1 to the next float32.
    log: { base: "e", floor: 2 ** -23, offset: 0 },
    dct: null,
    clip: { step: "none" },
  },
  /** OpenAI Whisper's log_mel_spectrogram with 80 bands; padding to 30 s is the caller's. */
  "whisper-logmel": {
    sampleRate: RATE,
    window: { kind: "hann", length: 400, periodic: true },
    hop: 160,
    fft: 400,
    edges: "reflect",
    dropLast: true,
    scale: 1,
    removeMean: false,
    preEmphasis: 0,
    spectrum: "power",
    mel: { bands: 80, low: 0, high: 8000, scale: "slaney", triangles: "hertz", norm: "slaney" },
    log: { base: "10", floor: 1e-10, offset: 0 },
    dct: null,
    clip: { step: "peak-range", range: 8, add: 4, divide: 4 },
  },
} as const satisfies Record<string, FeaturePreset>;

export type PresetName = keyof typeof presets;
