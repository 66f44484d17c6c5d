// What the tests of front ends share: the formulas of the original programs, written out in double precision with
// the engine's functions, sharing nothing with the code they judge; and sounds to try it with.

import assert from "node:assert/strict";
import { OctavoxError } from "../errors.ts";
import { createRandom } from "../kernels/testing.ts";
import type { FeatureSpec } from "./preset.ts";
import { presets } from "./presets.ts";

/** Something like speech: a gliding tone with overtones over noise, and a stretch of digital silence. */
export function sound(length: number, seed = 1): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length }, (_, i) => {
    if (i > length * 0.6 && i < length * 0.75) return 0;
    const phase = 2 * Math.PI * (0.01 * i + 2e-6 * i * i);
    const voice = 0.2 * Math.sin(phase) + 0.1 * Math.sin(3.01 * phase) + 0.05 * Math.sin(7.3 * phase);
    return voice + 0.01 * (2 * random() - 1);
  });
}

/** |DFT|² of one frame, zero-padded to `size`. */
export function powerOf(frame: ArrayLike<number>, size: number): Float64Array {
  const cos = Float64Array.from({ length: size }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  return Float64Array.from({ length: size / 2 + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let n = 0; n < frame.length; n++) {
      re += frame[n] * cos[(k * n) % size];
      im += frame[n] * cos[(k * n + (3 * size) / 4) % size];
    }
    return re * re + im * im;
  });
}

export function hann(i: number, period: number): number {
  return 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / period);
}

/** Frames of `length` samples, weighted; samples beyond the ends are reflected. */
export function framesOf(
  samples: Float32Array,
  { length, hop, first, count }: { length: number; hop: number; first: number; count: number },
): Float64Array[] {
  return Array.from({ length: count }, (_, f) =>
    Float64Array.from({ length }, (_, i) => {
      const at = Math.abs(first + f * hop + i);
      return samples[at < samples.length ? at : 2 * (samples.length - 1) - at];
    }),
  );
}

/** TensorFlow's mel filter bank over magnitudes, as its kernel goes through the bins, then log and DCT. */
export function tensorflowMfcc(samples: Float32Array, hop: number): number[][] {
  const [bands, low, high, perBin] = [40, 20, 4000, 16000 / 1024];
  const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700);
  const spacing = (mel(high) - mel(low)) / (bands + 1);
  const centre = (band: number) => mel(low) + spacing * (band + 1);
  const count = 1 + Math.floor((samples.length - 640) / hop);
  return framesOf(samples, { length: 640, hop, first: 0, count }).map((frame) => {
    const power = powerOf(
      frame.map((x, i) => x * hann(i, 640)),
      1024,
    );
    const energies = new Float64Array(bands);
    for (let bin = Math.floor(1.5 + low / perBin); bin <= Math.floor(high / perBin); bin++) {
      const place = mel(bin * perBin);
      let band = -1;
      while (band + 1 < bands && centre(band + 1) < place) band++;
      const falling = (centre(band + 1) - place) / spacing;
      const magnitude = Math.sqrt(power[bin]);
      if (band >= 0) energies[band] += magnitude * falling;
      if (band + 1 < bands) energies[band + 1] += magnitude * (1 - falling);
    }
    const logs = energies.map((energy) => Math.log(Math.max(energy, 1e-12)));
    return Array.from({ length: 10 }, (_, i) =>
      logs.reduce(
        (sum, value, j) => sum + Math.sqrt(2 / bands) * Math.cos((Math.PI / bands) * i * (j + 0.5)) * value,
        0,
      ),
    );
  });
}

/** Slaney's mel scale as librosa and torchaudio have it. */
function slaney(hertz: number): number {
  return hertz >= 1000 ? 15 + Math.log(hertz / 1000) / (Math.log(6.4) / 27) : hertz / (200 / 3);
}

function slaneyHertz(mel: number): number {
  return mel >= 15 ? 1000 * Math.exp((Math.log(6.4) / 27) * (mel - 15)) : (200 / 3) * mel;
}

/** Energies in Slaney's bands, each triangle of area 1 over hertz. */
export function slaneyBands(power: Float64Array, bands: number, low: number): Float64Array {
  const top = slaney(8000);
  const corner = (i: number) => slaneyHertz(slaney(low) + ((top - slaney(low)) * i) / (bands + 1));
  return Float64Array.from({ length: bands }, (_, b) => {
    const [left, middle, right] = [corner(b), corner(b + 1), corner(b + 2)];
    return power.reduce((sum, value, k) => {
      const hertz = (k * 8000) / (power.length - 1);
      const height = Math.min((hertz - left) / (middle - left), (right - hertz) / (right - middle));
      return sum + (value * Math.max(0, height) * 2) / (right - left);
    }, 0);
  });
}

/** Kaldi's fbank of the frames that lie inside the clip; samples as 16-bit integers. */
export function kaldiFbank(samples: Float32Array, bands: number): number[][] {
  const count = 1 + Math.floor((samples.length - 400) / 160);
  const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700);
  const delta = (mel(8000) - mel(20)) / (bands + 1);
  return framesOf(samples, { length: 400, hop: 160, first: 0, count }).map((frame) => {
    const mean = frame.reduce((sum, x) => sum + x, 0) / 400;
    const level = frame.map((x) => (x - mean) * 32768);
    const emphasised = level.map((x, i) => x - 0.97 * level[i === 0 ? 0 : i - 1]);
    const power = powerOf(
      emphasised.map((x, i) => x * hann(i, 399) ** 0.85),
      512,
    );
    return Array.from({ length: bands }, (_, b) => {
      let energy = 0;
      for (let k = 0; k < 256; k++) {
        const place = (mel((k * 16000) / 512) - mel(20)) / delta - b;
        if (place > 0 && place < 2) energy += power[k] * (place <= 1 ? place : 2 - place);
      }
      return Math.log(Math.max(energy, 1.1920928955078125e-7));
    });
  });
}

/** Beside the named ones: every kind of edge, hops beyond the window, and a DCT over bands of a log-mel. */
export const specs: readonly FeatureSpec[] = [
  ...Object.keys(presets).map((preset) => ({ preset })),
  { preset: "kaldi-fbank", edges: "mirror" },
  { preset: "moonshine-logmel", hop: 512, mel: { bands: 32 } },
  { preset: "tf-mfcc", hop: 1000, edges: "reflect", dropLast: true },
  { preset: "whisper-logmel", dct: { count: 13, norm: "orthonormal" }, window: { length: 321 } },
];

/** That a call throws an error of this code whose message has these words. */
export function assertRefused(call: () => unknown, code: string, ...words: string[]): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof OctavoxError, `${error}`);
    assert.equal(error.code, code);
    for (const word of words) assert.ok(error.message.includes(word), error.message);
    return true;
  });
}
