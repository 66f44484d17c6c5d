// Where the frames of a FLAC file begin and end (RFC 9639, section 9). A frame does not say how long it is: it ends
// where the checksum over all of it comes to zero and another frame, or the end of the file, follows. Going from
// checksum to checksum finds every damaged or missing frame, and says how many samples there will be, before
// anything is decoded or allocated.

import { OctavoxError } from "../errors.ts";

export interface Frame extends Header {
  /** Byte range `[start, end)`; the last two bytes are the checksum. */
  start: number;
  end: number;
}

/** What a frame says at its beginning. */
interface Header {
  /** Byte offset of the first subframe. */
  body: number;
  /** Samples of each channel. */
  samples: number;
  /** The frame's number if blocks are of fixed size, otherwise the number of its first sample. */
  number: number;
  variable: boolean;
  /** 0 to 7: that many channels and one more; 8 left and side; 9 side and right; 10 mid and side. */
  assignment: number;
  /** 0 if the frame leaves it to the STREAMINFO block. */
  bits: number;
}

/** Bits a sample by their code; code 3 is reserved. */
const DEPTHS = [0, 8, 12, undefined, 16, 20, 24, 32];

/** A frame is given up for damaged after this many bytes: more than 16 384 samples of 8 channels at 32 bits take. */
const LONGEST_FRAME = 1 << 20;

/** The shortest header there is: sync and codes 4 bytes, number 1, checksum 1. */
const SHORTEST_HEADER = 6;

const CRC8 = checksumTable(0x07, 8);
const CRC16 = checksumTable(0x8005, 16);

/**
 * The frames from byte `start` to the end of the file, or to an ID3v1 tag there.
 * @throws OctavoxError `format` at the first frame that is damaged, cut off or out of sequence
 */
export function splitFrames(bytes: Uint8Array, start: number, file?: string): Frame[] {
  const frames: Frame[] = [];
  let next: number | undefined; // the number that continues the sequence
  for (let at = start; at < bytes.length && !isTag(bytes, at); ) {
    const header = frameHeader(bytes, at);
    if (!header) throw damaged("no intact FLAC frame", file, at);
    if (next !== undefined && header.number !== next)
      throw damaged("a FLAC frame is missing", file, at, `number ${next}`, `${header.number}`);
    const end = frameEnd(bytes, at);
    if (end === undefined) throw damaged("a FLAC frame is damaged or cut off", file, at);
    frames.push({ ...header, start: at, end });
    next = header.number + (header.variable ? header.samples : 1);
    at = end;
  }
  return frames;
}

/** First offset after `at` where the frame's checksum is right and something that may follow a frame follows. */
function frameEnd(bytes: Uint8Array, at: number): number | undefined {
  const limit = Math.min(bytes.length, at + LONGEST_FRAME);
  let sum = 0; // over [at, end): zero where the last two bytes are the checksum of those before
  for (let end = at; end < limit; ) {
    sum = ((sum << 8) & 0xffff) ^ CRC16[(sum >> 8) ^ bytes[end++]];
    if (sum !== 0 || end < at + SHORTEST_HEADER) continue;
    if (end === bytes.length || frameHeader(bytes, end) || isTag(bytes, end)) return end;
  }
  return undefined;
}

/** The header at `at`, undefined if there is none or its checksum is wrong. */
function frameHeader(bytes: Uint8Array, at: number): Header | undefined {
  if (at + SHORTEST_HEADER > bytes.length || bytes[at] !== 0xff || bytes[at + 1] >> 1 !== 0x7c)
    return undefined;
  const [blockCode, rateCode] = [bytes[at + 2] >> 4, bytes[at + 2] & 15];
  const [assignment, bits] = [bytes[at + 3] >> 4, DEPTHS[(bytes[at + 3] >> 1) & 7]];
  const number = codedNumber(bytes, at + 4);
  if (!number || blockCode === 0 || assignment > 10 || bits === undefined) return undefined;
  const blockAt = at + 4 + number.length;
  const blockBytes = blockCode === 6 ? 1 : blockCode === 7 ? 2 : 0;
  const rateBytes = rateCode === 12 ? 1 : rateCode === 13 || rateCode === 14 ? 2 : 0;
  const body = blockAt + blockBytes + rateBytes + 1;
  if (body > bytes.length) return undefined;
  let sum = 0;
  for (let i = at; i < body; i++) sum = CRC8[sum ^ bytes[i]];
  if (sum !== 0) return undefined;
  const samples = blockSize(blockCode, bytes[blockAt], bytes[blockAt + 1]);
  return { body, samples, number: number.value, variable: (bytes[at + 1] & 1) === 1, assignment, bits };
}

/** Samples of a block by its 4-bit code; codes 6 and 7 refer to one or two bytes at the header's end. */
function blockSize(code: number, first: number, second: number): number {
  if (code === 1) return 192;
  if (code < 6) return 144 << code; // 576, 1152, 2304, 4608
  if (code === 6) return first + 1;
  if (code === 7) return first * 256 + second + 1;
  return 1 << code; // 256 … 32 768
}

/** A number of up to 36 bits written as UTF-8 writes a character: leading ones count the bytes. */
function codedNumber(bytes: Uint8Array, at: number): { value: number; length: number } | undefined {
  const first = bytes[at];
  if (first < 0x80) return { value: first, length: 1 };
  const length = Math.clz32(~(first << 24));
  if (length === 1 || length > 7 || at + length > bytes.length) return undefined;
  let value = first & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    if (bytes[at + i] >> 6 !== 2) return undefined;
    value = value * 64 + (bytes[at + i] & 63);
  }
  return { value, length };
}

/** "TAG" at 128 bytes from the end: titles that some programs append to any sound file. */
function isTag(bytes: Uint8Array, at: number): boolean {
  return at === bytes.length - 128 && bytes[at] === 0x54 && bytes[at + 1] === 0x41 && bytes[at + 2] === 0x47;
}

/** Remainders of one byte for a cyclic redundancy check, most significant bit first. */
function checksumTable(polynomial: number, width: 8 | 16): Uint16Array {
  const top = 1 << (width - 1);
  return Uint16Array.from({ length: 256 }, (_, byte) => {
    let sum = byte << (width - 8);
    for (let bit = 0; bit < 8; bit++) sum = sum & top ? (sum << 1) ^ polynomial : sum << 1;
    return sum & (2 * top - 1);
  });
}

function damaged(
  summary: string,
  file: string | undefined,
  offset: number,
  expected?: string,
  found?: string,
) {
  const remedy = "Copy or download the file again";
  return new OctavoxError("format", summary, { file, offset, expected, found, remedy });
}
