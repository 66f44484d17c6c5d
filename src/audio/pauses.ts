// Where speech pauses: long recordings are cut there, since a speech model hears half a minute at a time and a cut
// through a word costs the word; and a recording that is nothing but pause need not be transcribed at all.

import { OctavoxError } from "../errors.ts";

/** Samples `[start, end)` of a longer recording. */
export interface Piece {
  start: number;
  end: number;
}

export interface CutOptions {
  /** Longest piece, in seconds; 30 by default, 0.5 or more. */
  maxSeconds?: number;
  /** The last part of a piece within which its end is looked for, as a fraction of `maxSeconds`, 0.1 to 0.9; a third by default. */
  search?: number;
}

/** Length of one energy frame, in seconds: about a period of a low voice, so that a vowel is no pause. */
const FRAME_SECONDS = 0.01;
/** Energy is averaged over this many frames before frames are compared: stops like "p" and "t" last half of it. */
const SMOOTH_FRAMES = 20;
/** Frames up to this much louder than the quietest count as the same pause: 3 dB. */
const SAME_PAUSE = 2;

/**
 * Audio whose loudest 20 ms stay below this root mean square, in dB of full scale, is silence. Quiet speech is at
 * −45 in its loudest frame, the noise of a microphone in a quiet room at −65 to −75, 16-bit rounding at −101.
 */
export const SILENCE_DBFS = -60;
const SILENCE_FRAME = 320;

/**
 * Cuts audio into pieces of at most `maxSeconds`, each cut in the middle of the longest of the quietest pauses in
 * the last part of a piece, or at the quietest place where nobody pauses. The pieces cover everything, in order.
 * @throws OctavoxError `argument`
 */
export function cutAtPauses(samples: Float32Array, sampleRate: number, options: CutOptions = {}): Piece[] {
  const { maxSeconds = 30, search = 1 / 3 } = options;
  checkOptions(sampleRate, maxSeconds, search);
  const longest = Math.floor(maxSeconds * sampleRate);
  if (samples.length === 0) return [];
  if (samples.length <= longest) return [{ start: 0, end: samples.length }];
  const frame = Math.max(1, Math.round(sampleRate * FRAME_SECONDS));
  const energies = smooth(frameEnergies(samples, frame), SMOOTH_FRAMES);
  const pieces: Piece[] = [];
  let start = 0;
  while (samples.length - start > longest) {
    const from = Math.ceil((start + longest * (1 - search)) / frame);
    const to = Math.floor((start + longest) / frame);
    const end = frame * longestPause(energies, from, to);
    pieces.push({ start, end });
    start = end;
  }
  pieces.push({ start, end: samples.length });
  return pieces;
}

/** Whether no 20 ms (at 16 kHz) of the audio are louder than `threshold` dB of full scale; a constant is silence. */
export function isSilent(samples: Float32Array, threshold: number = SILENCE_DBFS): boolean {
  const power = 10 ** (threshold / 10);
  return frameEnergies(samples, SILENCE_FRAME).every((energy) => energy <= power);
}

function checkOptions(sampleRate: number, maxSeconds: number, search: number): void {
  const checks: [name: string, value: number, low: number, high: number][] = [
    ["sampleRate", sampleRate, 100, Infinity],
    ["maxSeconds", maxSeconds, 0.5, Infinity],
    ["search", search, 0.1, 0.9],
  ];
  for (const [name, value, low, high] of checks)
    if (!(value >= low && value <= high))
      throw new OctavoxError("argument", name, {
        expected: `a number from ${low} to ${high}`,
        found: `${value}`,
      });
}

/** Mean square about the mean (an offset is no sound) of every `frame` samples; the last frame may be shorter. */
function frameEnergies(samples: Float32Array, frame: number): Float64Array {
  const energies = new Float64Array(Math.ceil(samples.length / frame));
  for (let f = 0; f < energies.length; f++) {
    const end = Math.min((f + 1) * frame, samples.length);
    const count = end - f * frame;
    let sum = 0;
    let squares = 0;
    for (let i = f * frame; i < end; i++) {
      const sample = samples[i];
      sum += sample;
      squares += sample * sample;
    }
    energies[f] = Math.max(0, squares / count - (sum / count) * (sum / count));
  }
  return energies;
}

/** Mean over the `width` values around each place between two frames: result `i` is centred where frame `i` begins. */
function smooth(energies: Float64Array, width: number): Float64Array {
  const half = width / 2;
  const sums = new Float64Array(energies.length + 1);
  for (let i = 0; i < energies.length; i++) sums[i + 1] = sums[i] + energies[i];
  return energies.map((_, i) => {
    const low = Math.max(0, i - half);
    const high = Math.min(energies.length, i + half);
    return (sums[high] - sums[low]) / (high - low);
  });
}

/** The middle of the longest run of frames in `[from, to]` that are as quiet as the quietest; the later if equal. */
function longestPause(energies: Float64Array, from: number, to: number): number {
  let quietest = Infinity;
  for (let i = from; i <= to; i++) quietest = Math.min(quietest, energies[i]);
  const limit = quietest * SAME_PAUSE;
  let best = { length: 0, middle: to };
  for (let i = from, length = 0; i <= to; i++) {
    length = energies[i] <= limit ? length + 1 : 0;
    if (length >= best.length && length > 0) best = { length, middle: i - (length >> 1) };
  }
  return best.middle;
}
