// FLAC files to samples: the file is taken apart into frames, the sizes are compared, then frame after frame is
// decoded and its channels averaged. audio.ts loads this file when the first FLAC file turns up.

import { OctavoxError } from "../errors.ts";
import type { AudioClip, DecodeAudioOptions } from "./audio.ts";
import { BitReader, FrameError } from "./bits.ts";
import { type Frame, splitFrames } from "./flac-frames.ts";
import { readStreamInfo, type StreamInfo } from "./flac-stream.ts";
import { decodeSubframe } from "./flac-subframe.ts";

/** Digital silence in blocks of the usual 4096 samples comes to about 340 samples a byte; no honest file to more. */
const SAMPLES_A_BYTE = 512;
/** After this many samples the event loop gets a turn, and an abort is noticed: some tens of milliseconds. */
const SAMPLES_A_TURN = 1 << 20;

/** A stereo frame that stores the difference of its channels: in which subframe, and how their sum comes about. */
interface Pair {
  side: number;
  sum: (first: number, second: number) => number;
}

/** By channel assignment; side = left − right, which takes a bit more; mid = ⌊(left + right) / 2⌋. */
const PAIRS: Record<number, Pair> = {
  8: { side: 1, sum: (left, side) => 2 * left - side },
  9: { side: 0, sum: (side, right) => 2 * right + side },
  10: { side: 1, sum: (mid, side) => 2 * mid + Math.abs(side % 2) },
};

/**
 * Decodes a FLAC file of 4 to 32 bits and up to 8 channels, which are averaged.
 * @throws OctavoxError `format` if the file is damaged or cut off
 */
export async function decodeFlac(bytes: Uint8Array, options: DecodeAudioOptions = {}): Promise<AudioClip> {
  const { file, signal } = options;
  const info = readStreamInfo(bytes, file);
  const frames = splitFrames(bytes, info.start, file);
  const samples = new Float32Array(countSamples(frames, info, bytes.length, file));
  let turn = SAMPLES_A_TURN;
  let at = 0;
  for (const frame of frames) {
    decodeFrame(bytes, frame, info, samples.subarray(at, at + frame.samples), file);
    at += frame.samples;
    if (at < turn) continue;
    turn += SAMPLES_A_TURN;
    await new Promise((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
  }
  return { samples, sampleRate: info.sampleRate };
}

/** Samples of each channel, once the frames, the header and the file's size agree. */
function countSamples(frames: Frame[], info: StreamInfo, size: number, file: string | undefined): number {
  const total = frames.reduce((sum, frame) => sum + frame.samples, 0);
  if (info.total !== 0 && info.total !== total)
    throw damaged("the sound is incomplete", file, size, `${info.total} samples`, `${total}`);
  if (total > SAMPLES_A_BYTE * size)
    throw damaged(
      "block sizes",
      file,
      info.start,
      `${SAMPLES_A_BYTE} samples a byte at most`,
      `${total / size}`,
    );
  return total;
}

/** Decodes one frame into `samples`, the average of its channels. */
function decodeFrame(
  bytes: Uint8Array,
  frame: Frame,
  info: StreamInfo,
  samples: Float32Array,
  file?: string,
): void {
  const { start, end, body, assignment } = frame;
  const bits = frame.bits || info.bits;
  const pair = PAIRS[assignment];
  const channels = pair ? 2 : assignment + 1;
  if (channels !== info.channels || bits !== info.bits)
    throw damaged(
      "a frame contradicts the header",
      file,
      start,
      `${info.channels} × ${info.bits} bits`,
      `${channels} × ${bits}`,
    );
  const reader = new BitReader(bytes.subarray(start, end - 2), body - start);
  try {
    const subframes = Array.from({ length: channels }, (_, channel) => {
      const depth = channel === pair?.side ? bits + 1 : bits;
      return decodeSubframe(reader, depth, new Float64Array(frame.samples));
    });
    mixdown(subframes, pair, 2 ** (bits - 1), samples);
  } catch (cause) {
    if (cause instanceof FrameError) throw damaged("a FLAC frame", file, start, "audio", cause.message);
    throw cause;
  }
}

/**
 * Averages the channels as fractions of full scale. The checksums do not rule out a frame that was made to mislead,
 * so the result is looked at: sums beyond full scale come of no recording.
 */
function mixdown(
  channels: Float64Array[],
  pair: Pair | undefined,
  fullScale: number,
  samples: Float32Array,
): void {
  const scale = 1 / (fullScale * channels.length);
  const [first, second] = channels;
  for (let i = 0; i < samples.length; i++) {
    let sum = 0;
    if (pair) sum = pair.sum(first[i], second[i]);
    else for (const channel of channels) sum += channel[i];
    const sample = sum * scale;
    if (!(sample >= -1 && sample <= 1)) throw new FrameError("a sample beyond full scale");
    samples[i] = sample;
  }
}

function damaged(summary: string, file: string | undefined, offset: number, expected: string, found: string) {
  const remedy = "Copy or download the file again";
  return new OctavoxError("format", summary, { file, offset, expected, found, remedy });
}
