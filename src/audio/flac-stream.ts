// What a FLAC file says about itself before the sound begins (RFC 9639, section 8): the STREAMINFO block, and
// where the first frame is.

import { OctavoxError } from "../errors.ts";
import { checkRate } from "./check.ts";

export interface StreamInfo {
  /** Byte offset of the first frame. */
  start: number;
  sampleRate: number;
  channels: number;
  bits: number;
  /** Samples of each channel; 0 if the encoder did not know. */
  total: number;
}

/** "fLaC", then the STREAMINFO block: 4 bytes of header, 34 of content. */
export const STREAM_HEADER = 42;

/** Walks the metadata blocks. @throws OctavoxError `format` */
export function readStreamInfo(bytes: Uint8Array, file?: string): StreamInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const info = parseStreamInfo(view, file);
  for (let at = 4, last = false; !last; ) {
    if (at + 4 > bytes.length) throw cutOff(at, at + 4, bytes.length, file);
    last = bytes[at] >= 0x80;
    const end = at + 4 + (view.getUint32(at) & 0xff_ffff);
    if (end > bytes.length) throw cutOff(at, end, bytes.length, file);
    info.start = at = end;
  }
  return info;
}

/** Two block sizes and two frame sizes, then rate 20 bits, channels 3, bits 5, total 36, checksum 128. */
function parseStreamInfo(view: DataView, file: string | undefined): StreamInfo {
  if (view.byteLength < STREAM_HEADER) throw cutOff(0, STREAM_HEADER, view.byteLength, file);
  const header = view.getUint32(4) & 0x7fff_ffff;
  if (header !== 34)
    throw new OctavoxError("format", "FLAC header", {
      file,
      offset: 4,
      expected: "a STREAMINFO block of 34 bytes",
      found: `block type ${header >>> 24} of ${header & 0xff_ffff} bytes`,
    });
  const packed = view.getUint32(18);
  const sampleRate = packed >>> 12;
  checkRate(sampleRate, { file, offset: 18, code: "format" });
  return {
    start: STREAM_HEADER,
    sampleRate,
    channels: ((packed >>> 9) & 7) + 1,
    bits: ((packed >>> 4) & 31) + 1,
    total: (packed & 15) * 2 ** 32 + view.getUint32(22),
  };
}

function cutOff(offset: number, expected: number, found: number, file: string | undefined): OctavoxError {
  return new OctavoxError("format", "the FLAC header is cut off", {
    file,
    offset,
    expected: `a file of ${expected} bytes or more`,
    found: `${found}`,
    remedy: "Copy or download the file again",
  });
}
