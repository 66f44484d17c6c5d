// How WAV files write one sample: a table of encodings, each a number of bytes and a way to read them as a
// fraction of full scale.

import { OctavoxError } from "../errors.ts";

/** Reads the sample at a byte offset; `little` is the byte order. */
type Read = (view: DataView, at: number, little: boolean) => number;

export interface Encoding {
  /** Bytes of one sample. */
  bytes: number;
  read: Read;
  /** Floating point can hold NaN and infinities, which readers must look for. */
  float: boolean;
}

/** Encodings by format tag and bits a sample. 8-bit integers are unsigned with 128 as zero, longer ones signed. */
const ENCODINGS: Record<string, Encoding> = {
  "1/8": { bytes: 1, float: false, read: (view, at) => (view.getUint8(at) - 128) / 2 ** 7 },
  "1/16": { bytes: 2, float: false, read: (view, at, little) => view.getInt16(at, little) / 2 ** 15 },
  "1/24": { bytes: 3, float: false, read: (view, at, little) => int24(view, at, little) / 2 ** 23 },
  "1/32": { bytes: 4, float: false, read: (view, at, little) => view.getInt32(at, little) / 2 ** 31 },
  "3/32": { bytes: 4, float: true, read: (view, at, little) => view.getFloat32(at, little) },
  "3/64": { bytes: 8, float: true, read: (view, at, little) => view.getFloat64(at, little) },
  "6/8": { bytes: 1, float: false, read: (view, at) => A_LAW[view.getUint8(at)] },
  "7/8": { bytes: 1, float: false, read: (view, at) => MU_LAW[view.getUint8(at)] },
};

/** Names of format tags, for the message about those that are not read. */
const TAGS: Record<number, string> = {
  1: "integer PCM",
  2: "Microsoft ADPCM",
  3: "float PCM",
  6: "A-law",
  7: "µ-law",
  17: "IMA ADPCM",
  49: "GSM 6.10",
  80: "MPEG",
  85: "MP3",
  255: "AAC",
};

/** @throws OctavoxError `unsupported` for a tag or width that is not in the table */
export function encodingOf(
  tag: number,
  bits: number,
  place: { file?: string | undefined; offset: number },
): Encoding {
  const encoding = ENCODINGS[`${tag}/${bits}`];
  if (encoding) return encoding;
  throw new OctavoxError("unsupported", "sample encoding", {
    ...place,
    expected: "integers of 8, 16, 24 or 32 bits, floats of 32 or 64, A-law or µ-law of 8",
    found: `${TAGS[tag] ?? `format tag 0x${tag.toString(16)}`} of ${bits} bits`,
    remedy: "Convert it, for example with: ffmpeg -i input.wav -c:a pcm_s16le output.wav",
  });
}

function int24(view: DataView, at: number, little: boolean): number {
  return little
    ? (view.getInt8(at + 2) << 16) | view.getUint16(at, true)
    : (view.getInt8(at) << 16) | view.getUint16(at + 1, false);
}

/** G.711 A-law: sign (1 = positive), 3-bit exponent, 4-bit mantissa, every second bit inverted; 13-bit range. */
const A_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = code ^ 0x55;
  const exponent = (bits >> 4) & 7;
  const mantissa = 2 * (bits & 15) + 1; // the middle of the interval
  const magnitude = exponent === 0 ? mantissa : (mantissa + 32) << (exponent - 1);
  return (bits & 0x80 ? magnitude : -magnitude) / 2 ** 12;
});

/** G.711 µ-law: sign (1 = negative), 3-bit exponent, 4-bit mantissa, all bits inverted; 14-bit range, bias 33. */
const MU_LAW = Float32Array.from({ length: 256 }, (_, code) => {
  const bits = ~code & 0xff;
  const magnitude = ((2 * (bits & 15) + 33) << ((bits >> 4) & 7)) - 33;
  return (bits & 0x80 ? -magnitude : magnitude) / 2 ** 13;
});
