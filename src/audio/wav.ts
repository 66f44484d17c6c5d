// WAV files to samples: the chunk walk of RIFF and its relatives (RF64, BW64, RIFX), and the sound format.
// The encodings themselves are in pcm.ts. Nothing is allocated before its size was compared with the bytes
// that are really there.

import { OctavoxError } from "../errors.ts";
import type { AudioClip } from "./audio.ts";
import { checkRate, notFinite } from "./check.ts";
import { type Encoding, encodingOf } from "./pcm.ts";

export interface FileName {
  file?: string | undefined;
}

/** A byte range of the file. */
interface Chunk {
  id: string;
  start: number;
  size: number;
}

interface Format {
  encoding: Encoding;
  channels: number;
  sampleRate: number;
  /** Bytes of one sample of every channel. */
  blockAlign: number;
}

/** The outermost ids, and whether their numbers are little-endian. */
const CONTAINERS: Record<string, boolean> = { RIFF: true, RF64: true, BW64: true, RIFX: false };

/**
 * Sizes that mean "not known when this was written": recorders and pipes write them at the start and cannot come
 * back to correct them. The sound then runs to the end of the file. The last one is what SoX writes.
 */
const STREAMED = new Set([0, 0xffff_ffff, 0x7fff_f000]);

export function isWav(bytes: Uint8Array): boolean {
  return bytes.length >= 12 && ascii(bytes, 0) in CONTAINERS && ascii(bytes, 8) === "WAVE";
}

/**
 * Decodes a WAV file: integers of 8, 16, 24, 32 bits, floats of 32 and 64, A-law, µ-law. Channels are averaged.
 * An incomplete last sample is dropped.
 * @throws OctavoxError `format` for a damaged file, `unsupported` for a compressed one
 */
export function decodeWav(bytes: Uint8Array, { file }: FileName = {}): AudioClip {
  if (!isWav(bytes))
    throw new OctavoxError("format", "not a WAV file", { file, offset: 0, expected: "RIFF … WAVE" });
  const reader = new WavReader(bytes, file);
  const { format, data } = reader.chunks();
  return { samples: reader.samples(format, data), sampleRate: format.sampleRate };
}

class WavReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #file: string | undefined;
  readonly #little: boolean;

  constructor(bytes: Uint8Array, file: string | undefined) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#file = file;
    this.#little = CONTAINERS[ascii(bytes, 0)];
  }

  /** Walks the chunks up to the sound; what follows it (names, cue points) is not looked at. */
  chunks(): { format: Format; data: Chunk } {
    const end = this.#bytes.length;
    let format: Format | undefined;
    let longSize: number | undefined; // of the data chunk, from RF64's ds64
    for (let at = 12; at + 8 <= end; ) {
      const id = ascii(this.#bytes, at);
      const chunk = { id, start: at + 8, size: this.#u32(at + 4) };
      if (id === "data") {
        if (!format) throw this.#fail("sound before its format", at, "a fmt chunk", "a data chunk");
        return { format, data: this.#data(chunk, longSize) };
      }
      this.#within(chunk);
      if (id === "fmt ") format = this.#format(chunk);
      if (id === "ds64") longSize = this.#longSize(chunk);
      at = chunk.start + chunk.size + (chunk.size & 1); // chunks start at even offsets
    }
    throw this.#fail(
      format ? "no sound" : "no format and no sound",
      end,
      format ? "a data chunk" : "a fmt chunk",
      "the end of the file",
    );
  }

  /** Settles how long the sound is. */
  #data(chunk: Chunk, longSize: number | undefined): Chunk {
    const present = this.#bytes.length - chunk.start;
    const size = chunk.size === 0xffff_ffff && longSize !== undefined ? longSize : chunk.size;
    // A size of 0 is meant where the outer size agrees with the file: then nobody was streaming.
    const empty = size === 0 && this.#u32(4) + 8 === this.#bytes.length;
    if (STREAMED.has(size) && !empty && (size === 0 || size > present)) return { ...chunk, size: present };
    this.#within({ ...chunk, size });
    return { ...chunk, size };
  }

  #within({ id, start, size }: Chunk): void {
    const present = this.#bytes.length - start;
    if (size > present)
      throw this.#fail(
        `the ${printable(id)} chunk is cut off`,
        start - 4,
        `${size} bytes`,
        `${present}`,
        "Copy or download the file again",
      );
  }

  /** ds64: riff size, data size, sample count, 64 bits each. */
  #longSize({ start, size }: Chunk): number {
    if (size < 24) throw this.#fail("the ds64 chunk is too short", start - 4, "24 bytes or more", `${size}`);
    return Number(this.#view.getBigUint64(start + 8, this.#little));
  }

  /** fmt: tag, channels, rate, bytes a second, block align, bits; the extensible form adds a GUID. */
  #format({ start, size }: Chunk): Format {
    if (size < 16) throw this.#fail("the fmt chunk is too short", start - 4, "16 bytes or more", `${size}`);
    const [tag, channels] = [this.#u16(start), this.#u16(start + 2)];
    const [blockAlign, bits] = [this.#u16(start + 12), this.#u16(start + 14)];
    const sampleRate = this.#u32(start + 4);
    if (channels === 0) throw this.#fail("channels", start + 2, "1 or more", "0");
    checkRate(sampleRate, { file: this.#file, offset: start + 4, code: "format" });
    const encoding = encodingOf(this.#tag(tag, start, size), bits, { file: this.#file, offset: start });
    const align = channels * encoding.bytes;
    if (blockAlign !== align)
      throw this.#fail(
        "block align",
        start + 12,
        `${align} bytes (${channels} × ${encoding.bytes})`,
        `${blockAlign}`,
        "The header contradicts itself: write the file anew",
      );
    return { encoding, channels, sampleRate, blockAlign };
  }

  /** The encoding's number; WAVE_FORMAT_EXTENSIBLE keeps it in the first two bytes of its GUID. */
  #tag(tag: number, start: number, size: number): number {
    if (tag !== 0xfffe) return tag;
    if (size < 40)
      throw this.#fail("the extensible fmt chunk is too short", start - 4, "40 bytes or more", `${size}`);
    return this.#u16(start + 24);
  }

  /** Averages the channels of every block into one sample. */
  samples({ encoding, channels, blockAlign, sampleRate }: Format, { start, size }: Chunk): Float32Array {
    const { read, bytes } = encoding;
    const view = this.#view;
    const little = this.#little;
    const samples = new Float32Array(Math.floor(size / blockAlign));
    for (let i = 0, at = start; i < samples.length; i++) {
      let sum = 0;
      for (let channel = 0; channel < channels; channel++, at += bytes) sum += read(view, at, little);
      samples[i] = sum / channels;
      if (encoding.float && samples[i] - samples[i] !== 0)
        throw notFinite(samples[i], i, { sampleRate, file: this.#file, code: "format" });
    }
    return samples;
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, this.#little);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#little);
  }

  #fail(summary: string, offset: number, expected: string, found: string, remedy?: string): OctavoxError {
    return new OctavoxError("format", summary, { file: this.#file, offset, expected, found, remedy });
  }
}

/** Four bytes as text. */
function ascii(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}

/** A chunk's id for a message: a damaged one may be anything. */
function printable(id: string): string {
  return /^[ -~]+$/.test(id) ? `"${id.trim()}"` : "unnamed";
}
