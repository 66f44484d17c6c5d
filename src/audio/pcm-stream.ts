// Sound that arrives as bytes, in pieces of any size: a WAV file whose end is not there yet, or samples without any
// header. Each piece is decoded as a WAV file of its own, behind the stream's header, so that both readers agree.

import { OctavoxError } from "../errors.ts";
import { foreignFormat } from "./audio.ts";
import { decodeWav, isWav } from "./wav.ts";

export interface PcmStreamOptions {
  /** Of samples without a header, in Hz. */
  sampleRate: number;
  /** Samples have no header, whatever their first bytes look like. */
  raw?: boolean;
  /** What to call the stream in an error message. */
  file?: string | undefined;
}

/** A header that has not come to its sound by then is none. */
const LONGEST_HEADER = 1 << 20;
/** What recorders write who do not know how much will come; see `wav.ts`. */
const UNKNOWN_SIZE = 0x7fff_f000;
/** Bytes that tell a WAV file from samples. */
const TOLD_BY = 12;

interface Header {
  /** Up to the first byte of sound, its size unknown. */
  bytes: Uint8Array;
  /** Bytes of one sample of every channel. */
  blockAlign: number;
  /** Bytes of sound to come; what follows is no sound. */
  left: number;
}

export class PcmStream {
  private readonly options: PcmStreamOptions;
  private held = new Uint8Array(0);
  private header: Header | undefined;
  private rate: number | undefined;

  constructor(options: PcmStreamOptions) {
    this.options = options;
  }

  /** Samples a second; undefined until the first bytes have told. */
  get sampleRate(): number | undefined {
    return this.rate;
  }

  /**
   * Takes further bytes.
   * @returns the samples they complete, mono, full scale ±1
   * @throws OctavoxError `format` or `unsupported` for a damaged header, and for formats that are not read as they come
   */
  push(bytes: Uint8Array): Float32Array {
    this.held = concatenated(this.held, bytes);
    this.header ??= this.readHeader();
    if (!this.header) return new Float32Array(0);
    const { bytes: head, blockAlign, left } = this.header;
    const sound = Math.min(left, this.held.length);
    const whole = sound - (sound % blockAlign);
    const { file } = this.options;
    const { samples, sampleRate } = decodeWav(concatenated(head, this.held.subarray(0, whole)), { file });
    this.rate = sampleRate;
    this.header.left -= whole;
    // Behind the sound of a file there may be names and notes.
    this.held = this.header.left < blockAlign ? new Uint8Array(0) : this.held.slice(whole);
    return samples;
  }

  /** The header, once it is there in full. */
  private readHeader(): Header | undefined {
    const { held } = this;
    const { raw = false, sampleRate, file } = this.options;
    if (!raw && held.length < TOLD_BY) return undefined;
    if (!raw && isWav(held)) return wavHeader(held, file, (length) => this.takeFront(length));
    const found = raw ? undefined : foreignFormat(held);
    if (found)
      throw new OctavoxError("unsupported", "audio format of a stream", {
        file,
        expected: "WAV, or 16-bit samples without a header",
        found,
        remedy: "Give the name of a file instead of -, or convert it on the way",
      });
    return { bytes: rawHeader(sampleRate), blockAlign: 2, left: Number.POSITIVE_INFINITY };
  }

  private takeFront(length: number): Uint8Array {
    const front = this.held.slice(0, length);
    this.held = this.held.slice(length);
    return front;
  }
}

/** Walks the chunks up to the sound. */
function wavHeader(
  held: Uint8Array,
  file: string | undefined,
  take: (length: number) => Uint8Array,
): Header | undefined {
  const view = new DataView(held.buffer, held.byteOffset, held.byteLength);
  const little = held[3] !== "X".charCodeAt(0);
  let blockAlign = 0;
  for (let at = TOLD_BY; at + 8 <= held.length; ) {
    const id = String.fromCharCode(...held.subarray(at, at + 4));
    const size = view.getUint32(at + 4, little);
    if (id === "data") {
      const bytes = take(at + 8);
      new DataView(bytes.buffer).setUint32(at + 4, UNKNOWN_SIZE, little);
      // A format that cannot be is found where the header is decoded.
      return {
        bytes,
        blockAlign: Math.max(1, blockAlign),
        left: isUnknown(size) ? Number.POSITIVE_INFINITY : size,
      };
    }
    if (id === "fmt " && at + 22 <= held.length) blockAlign = view.getUint16(at + 20, little);
    at += 8 + size + (size & 1);
    if (at > LONGEST_HEADER)
      throw new OctavoxError("format", "no sound", { file, expected: "a data chunk", found: "other chunks" });
  }
  return undefined;
}

/** Sizes that recorders write at the start and cannot come back to correct. */
function isUnknown(size: number): boolean {
  return size === 0 || size >= UNKNOWN_SIZE;
}

/** Mono, 16 bits, little-endian. */
function rawHeader(sampleRate: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(44));
  const text = (at: number, letters: string) => {
    for (let i = 0; i < letters.length; i++) view.setUint8(at + i, letters.charCodeAt(i));
  };
  text(0, "RIFF");
  text(8, "WAVEfmt ");
  text(36, "data");
  view.setUint32(4, UNKNOWN_SIZE, true);
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // integers
  view.setUint16(22, 1, true); // channels
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, 2 * sampleRate, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  view.setUint32(40, UNKNOWN_SIZE, true);
  return new Uint8Array(view.buffer);
}

function concatenated(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
