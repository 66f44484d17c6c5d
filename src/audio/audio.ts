// Sound files in, plain samples out: the first station on the way from a recording to words. The format is told
// by a file's first bytes, never by its name, and its decoder is loaded when one turns up.

import { OctavoxError } from "../errors.ts";
import { checkSamples } from "./check.ts";
import { resample } from "./resample.ts";

export interface AudioClip {
  /** Mono, full scale at ±1. */
  samples: Float32Array;
  /** In Hz. */
  sampleRate: number;
}

export interface DecodeAudioOptions {
  /** What to call the file in an error message. */
  file?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** The rate that speech models are trained at, in Hz. */
export const MODEL_RATE = 16_000;

type Decode = (bytes: Uint8Array, options: DecodeAudioOptions) => AudioClip | Promise<AudioClip>;

const DECODERS: readonly { offset: number; magic: string; load(): Promise<Decode> }[] = [
  { offset: 8, magic: "WAVE", load: async () => (await import("./wav.ts")).decodeWav },
  { offset: 0, magic: "fLaC", load: async () => (await import("./flac.ts")).decodeFlac },
];

/** Other formats by their first bytes: known by name, so that the message can say what the file is. */
const OTHERS: readonly { name: string; offset: number; magic: string }[] = [
  { name: "Ogg (Vorbis, Opus)", offset: 0, magic: "OggS" },
  { name: "MP3, or another format behind an ID3 tag", offset: 0, magic: "ID3" },
  { name: "MP3", offset: 0, magic: "\xff\xfb" },
  { name: "MP3", offset: 0, magic: "\xff\xf3" },
  { name: "AAC", offset: 0, magic: "\xff\xf1" },
  { name: "MP4 (AAC)", offset: 4, magic: "ftyp" },
  { name: "AIFF", offset: 0, magic: "FORM" },
  { name: "WebM or Matroska", offset: 0, magic: "\x1a\x45\xdf\xa3" },
  { name: "Core Audio", offset: 0, magic: "caff" },
  { name: "Sun audio", offset: 0, magic: ".snd" },
  { name: "NIST Sphere", offset: 0, magic: "NIST_1A" },
];

/**
 * Decodes a WAV or FLAC file; several channels are averaged into one.
 * @throws OctavoxError `format` for a damaged or foreign file, `unsupported` for a known format that is not read
 */
export async function decodeAudio(bytes: Uint8Array, options: DecodeAudioOptions = {}): Promise<AudioClip> {
  options.signal?.throwIfAborted();
  if (!(bytes instanceof Uint8Array))
    throw new OctavoxError("argument", "audio file", {
      expected: "its bytes, a Uint8Array",
      found: typeof bytes,
    });
  const found = DECODERS.find(({ magic, offset }) => startsWith(bytes, magic, offset));
  if (!found) throw unreadable(bytes, options.file);
  const decode = await found.load();
  return decode(bytes, options);
}

/** A clip's samples at 16 kHz, checked to be finite: what a speech model takes. */
export function toMono16k(clip: AudioClip): Float32Array {
  checkSamples(clip.samples, { sampleRate: clip.sampleRate });
  return resample(clip.samples, clip.sampleRate, MODEL_RATE);
}

/** The name of the format, other than WAV, that bytes begin as; undefined for what is none known. */
export function foreignFormat(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, "fLaC")) return "FLAC";
  return OTHERS.find(({ magic, offset }) => startsWith(bytes, magic, offset))?.name;
}

function unreadable(bytes: Uint8Array, file: string | undefined): OctavoxError {
  const other = foreignFormat(bytes);
  return new OctavoxError(other ? "unsupported" : "format", other ? "audio format" : "not an audio file", {
    file,
    offset: 0,
    expected: "a WAV or FLAC file",
    found: other ?? firstBytes(bytes),
    remedy: "Convert it, for example with: ffmpeg -i input -ar 16000 -ac 1 output.wav",
  });
}

function startsWith(bytes: Uint8Array, magic: string, offset = 0): boolean {
  return [...magic].every((letter, i) => bytes[offset + i] === letter.charCodeAt(0));
}

function firstBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "an empty file";
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0"));
  return `${bytes.length} bytes that start with ${start.join(" ")}`;
}
